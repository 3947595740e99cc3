import { Button, type ButtonProps, Group, Popover } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

/** A button for what cannot be taken back: the first press says what will happen, the second does it. */
export function ConfirmButton({
  question,
  onConfirm,
  children,
  label,
  ...button
}: {
  question: string;
  onConfirm: () => void;
  children: ReactNode;
  label?: string;
} & ButtonProps) {
  const { t } = useTranslation();
  const [opened, { toggle, close }] = useDisclosure(false);
  return (
    <Popover opened={opened} onChange={close} trapFocus withArrow width={300} position="bottom-end">
      <Popover.Target>
        <Button {...button} aria-label={label} onClick={toggle}>
          {children}
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <p style={{ marginTop: 0 }}>{question}</p>
        <Group gap="xs" justify="flex-end">
          <Button size="xs" variant="default" onClick={close}>
            {t("action.cancel")}
          </Button>
          <Button
            size="xs"
            color="red"
            onClick={() => {
              close();
              onConfirm();
            }}
          >
            {children}
          </Button>
        </Group>
      </Popover.Dropdown>
    </Popover>
  );
}
