import { Table } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Round } from "~/api/types";
import { dateTime, duration } from "~/components/format";
import { Sentence } from "~/components/sentence";
import { RoundBadge } from "~/components/state-badge";

/** When the round entered each of its states, and how long it stayed. */
export function HistoryTab({ round }: { round: Round }) {
  const { t } = useTranslation();
  if (round.steps.length === 0) return <Sentence>{t("rounds.noHistory")}</Sentence>;
  return (
    <Table.ScrollContainer minWidth={420}>
      <Table>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t("training.state")}</Table.Th>
            <Table.Th>{t("rounds.entered")}</Table.Th>
            <Table.Th ta="right">{t("training.took")}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {round.steps.map(({ state, started_at, finished_at }) => (
            <Table.Tr key={started_at}>
              <Table.Td>
                <RoundBadge state={state} />
              </Table.Td>
              <Table.Td>{dateTime(started_at)}</Table.Td>
              <Table.Td ta="right">
                {finished_at
                  ? duration((Date.parse(finished_at) - Date.parse(started_at)) / 1000)
                  : ""}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
