// Each service's module: its NAME, and draw(message), the nodes that a person would see of a message.

import * as alertmanager from "./alertmanager.js";
import * as discord from "./discord.js";
import * as email from "./email.js";
import * as google_chat from "./google_chat.js";
import * as mattermost from "./mattermost.js";
import * as opsgenie from "./opsgenie.js";
import * as pagerduty from "./pagerduty.js";
import * as rocketchat from "./rocketchat.js";
import * as slack from "./slack.js";
import * as teams from "./teams.js";
import * as telegram from "./telegram.js";
import * as webhook from "./webhook.js";

export const SERVICES = { alertmanager, discord, email, google_chat, mattermost, opsgenie, pagerduty, rocketchat, slack, teams, telegram, webhook };
