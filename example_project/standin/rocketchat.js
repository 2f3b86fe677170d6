// Messages as Rocket.Chat shows them.

import { draw as drawAs } from "./attachments.js";

export const NAME = "Rocket.Chat";

// The nodes that a person would see of a message.
export const draw = (message) => drawAs(message, "rocket.cat");
