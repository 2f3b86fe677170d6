// Messages as Mattermost shows them.

import { draw as drawAs } from "./attachments.js";

export const NAME = "Mattermost";

// The nodes that a person would see of a message.
export const draw = (message) => drawAs(message, "webhook");
