import { Table } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { quantity } from "~/components/format";
import { useQuantityName } from "~/components/quantity-name";

/** Final numbers of a job or checkpoint. An accuracy shows the interval that its pairs allow. */
export function MetricTable({ metrics }: { metrics: Record<string, number> }) {
  const { t } = useTranslation();
  return (
    <Table.ScrollContainer minWidth={420}>
      <Table maw={720}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t("training.quantity")}</Table.Th>
            <Table.Th ta="right">{t("training.value")}</Table.Th>
            <Table.Th ta="right">{t("intervalNote")}</Table.Th>
            <Table.Th>{t("training.unit")}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {Object.entries(metrics)
            .filter(([, value]) => typeof value === "number")
            .map(([name, value]) => (
              <MetricRow
                key={name}
                name={name}
                value={value}
                pairs={
                  name.endsWith("accuracy")
                    ? metrics[name.replace(/accuracy$/, "pairs")]
                    : undefined
                }
              />
            ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

function MetricRow({ name, value, pairs }: { name: string; value: number; pairs?: number }) {
  const { title, unit } = useQuantityName(name);
  const range = pairs ? wilson(value, pairs) : null;
  return (
    <Table.Tr>
      <Table.Td>{title}</Table.Td>
      <Table.Td ta="right">{quantity(value)}</Table.Td>
      <Table.Td ta="right">{range && `${quantity(range[0])} – ${quantity(range[1])}`}</Table.Td>
      <Table.Td className="quiet">{unit}</Table.Td>
    </Table.Tr>
  );
}

/** Wilson's 95 % score interval for a share of n (Wilson 1927). */
export function wilson(share: number, n: number): [number, number] {
  const z = 1.959964;
  const z2 = z * z;
  const middle = (share + z2 / (2 * n)) / (1 + z2 / n);
  const half = (z / (1 + z2 / n)) * Math.sqrt((share * (1 - share)) / n + z2 / (4 * n * n));
  return [Math.max(0, middle - half), Math.min(1, middle + half)];
}
