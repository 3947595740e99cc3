import { Notifications } from "@mantine/notifications";

/** Where `notify` shows what it tells. */
export default function Notices() {
  return <Notifications position="top-center" autoClose={5000} />;
}
