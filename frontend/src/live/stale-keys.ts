import type { QueryKey } from "@tanstack/react-query";
import type { LiveEvent } from "./socket";

/**
 * The queries that a happening makes stale; by the names of the server's table, which a test there
 * holds this to. What is not named here makes everything of its group stale.
 */
export function staleKeys({ type, id, group }: LiveEvent): QueryKey[] {
  const [noun = "", groupId = ""] = group.split(":");
  const ofGroup: QueryKey[] =
    noun === "queue" ? [["queues"], ["held", groupId]] : [[noun, groupId]];
  switch (type) {
    case "job.measured":
      return [["job", id, "detail"], ["job", id, "metrics"], ...jobsOf(noun, groupId)];
    case "job.moved":
    case "job.failed":
    case "job.cancel_requested":
    case "job.retried":
      return [["job", id], ...jobsOf(noun, groupId), ...ofGroup];
    case "ladder.fitted":
      return noun === "project"
        ? [["project", groupId, "overview"]]
        : [["round", groupId, "ladder"]];
    case "label.submitted":
      return noun === "round"
        ? [
            ["round", groupId, "detail"],
            ["round", groupId, "ladder"],
            ["round", groupId, "labels"],
          ]
        : ofGroup;
    default:
      return ofGroup;
  }
}

function jobsOf(noun: string, groupId: string): QueryKey[] {
  return noun === "round"
    ? [
        ["round", groupId, "jobs"],
        ["round", groupId, "detail"],
      ]
    : [];
}
