import { notifications } from "@mantine/notifications";
import { errorSentence } from "./sentence";

/** Tells that an action was refused or lost, in a sentence. */
export function notifyFailure(error: unknown) {
  notifications.show({ color: "red", message: errorSentence(error), autoClose: 8000 });
}

export function notify(message: string) {
  notifications.show({ message });
}
