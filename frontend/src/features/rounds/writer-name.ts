import { useTranslation } from "react-i18next";
import { useCheckpoints } from "~/api/training";

/** Names of those who may answer: roles that are resolved at the start, or checkpoints by id. */
export const WRITER_ROLES = ["newest", "previous", "base"] as const;

export function useWriterName(projectId: string): (writer: string) => string {
  const { t } = useTranslation();
  const { data: checkpoints = [] } = useCheckpoints(projectId);
  return (writer) =>
    writer === "newest" || writer === "previous" || writer === "base"
      ? t(`recipe.writer.${writer}`)
      : (checkpoints.find(({ id }) => id === writer)?.name ?? writer);
}
