import { Table } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useDatasets } from "~/api/training";
import type { Round } from "~/api/types";
import { number, shortDigest } from "~/components/format";
import { Loaded, Sentence } from "~/components/sentence";

/** What the labels of this round were frozen into. */
export function DatasetsTab({ round }: { round: Round }) {
  const { t } = useTranslation();
  const datasets = useDatasets(round.project.id);
  return (
    <Loaded query={datasets}>
      {(all) => {
        const list = all.filter((dataset) => dataset.round?.id === round.id);
        if (list.length === 0) return <Sentence>{t("rounds.noDatasets")}</Sentence>;
        return (
          <Table.ScrollContainer minWidth={560}>
            <Table>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>{t("training.dataset")}</Table.Th>
                  <Table.Th>{t("training.kind")}</Table.Th>
                  <Table.Th ta="right">{t("training.trainRows")}</Table.Th>
                  <Table.Th ta="right">{t("training.evalRows")}</Table.Th>
                  <Table.Th ta="right">{t("training.labels")}</Table.Th>
                  <Table.Th>{t("training.digest")}</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {list.map((dataset) => (
                  <Table.Tr key={dataset.id}>
                    <Table.Td>
                      <Link to={`/datasets/${dataset.id}`}>{dataset.key}</Link>
                    </Table.Td>
                    <Table.Td>{dataset.kind}</Table.Td>
                    <Table.Td ta="right">{number(dataset.train_rows)}</Table.Td>
                    <Table.Td ta="right">{number(dataset.eval_rows)}</Table.Td>
                    <Table.Td ta="right">{number(dataset.labels)}</Table.Td>
                    <Table.Td>
                      <code>{shortDigest(dataset.digest)}</code>
                    </Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
        );
      }}
    </Loaded>
  );
}
