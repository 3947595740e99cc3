import { Table } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useRoundJobs } from "~/api/rounds";
import type { Job } from "~/api/types";
import { ago, duration, number } from "~/components/format";
import { useMethodName } from "~/components/method-name";
import { Loaded, Sentence } from "~/components/sentence";
import { JobBadge } from "~/components/state-badge";

export function JobsTab({ roundId, pollMs }: { roundId: string; pollMs: number }) {
  const { t } = useTranslation();
  const jobs = useRoundJobs(roundId, pollMs);
  const methodName = useMethodName();
  return (
    <Loaded query={jobs}>
      {(list) =>
        list.length === 0 ? (
          <Sentence>{t("rounds.noJobs")}</Sentence>
        ) : (
          <Table.ScrollContainer minWidth={560}>
            <Table>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>{t("training.job")}</Table.Th>
                  <Table.Th>{t("training.state")}</Table.Th>
                  <Table.Th ta="right">{t("training.steps")}</Table.Th>
                  <Table.Th ta="right">{t("training.took")}</Table.Th>
                  <Table.Th>{t("training.made")}</Table.Th>
                  <Table.Th ta="right">{t("training.created")}</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {list.map((job) => (
                  <Table.Tr key={job.id}>
                    <Table.Td>
                      <Link to={`/jobs/${job.id}`}>{methodName(job.method)}</Link>
                    </Table.Td>
                    <Table.Td>
                      <JobBadge state={job.state} />
                    </Table.Td>
                    <Table.Td ta="right">
                      {job.total === null
                        ? number(job.step)
                        : `${number(job.step)} / ${number(job.total)}`}
                    </Table.Td>
                    <Table.Td ta="right">{took(job)}</Table.Td>
                    <Table.Td>
                      {job.checkpoint && (
                        <Link to={`/checkpoints/${job.checkpoint.id}`}>{job.checkpoint.name}</Link>
                      )}
                    </Table.Td>
                    <Table.Td ta="right">{ago(job.created_at)}</Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
        )
      }
    </Loaded>
  );
}

function took({ started_at, finished_at }: Job): string {
  if (!started_at || !finished_at) return "";
  return duration((new Date(finished_at).getTime() - new Date(started_at).getTime()) / 1000);
}
