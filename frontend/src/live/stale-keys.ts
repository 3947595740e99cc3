import type { QueryKey } from "@tanstack/react-query";
import type { LiveEvent } from "./socket";

/** The queries that a live event makes stale. An event we do not know makes its whole group stale. */
export function staleKeys({ type, id, group }: LiveEvent): QueryKey[] {
  const [noun = "", groupId = ""] = group.split(":");
  const ofGroup: QueryKey[] =
    noun === "queue" ? [["queues"], ["held", groupId]] : [[noun, groupId]];
  switch (type) {
    case "job.progress":
      return [["job", id, "detail"], ...jobsOf(noun, groupId)];
    case "job.metrics":
      return [["job", id, "metrics"]];
    case "job.changed":
      return [["job", id], ...jobsOf(noun, groupId), ...ofGroup];
    case "ladder.changed":
      return [
        [noun, groupId, "ladder"],
        ["project", groupId, "overview"],
      ];
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
