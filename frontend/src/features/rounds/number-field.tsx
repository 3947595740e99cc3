import { NumberInput, type NumberInputProps } from "@mantine/core";
import { useState } from "react";

type Shared = Omit<NumberInputProps, "value" | "onChange" | "onBlur">;

/** A number that is always there: an emptied field shows the old one again when it is left. */
export function NumberField({
  value,
  onChange,
  ...input
}: Shared & { value: number; onChange: (value: number) => void }) {
  const [isEmpty, setEmpty] = useState(false);
  return (
    <NumberInput
      {...input}
      value={isEmpty ? "" : value}
      onChange={(entered) => {
        setEmpty(typeof entered !== "number");
        if (typeof entered === "number") onChange(entered);
      }}
      onBlur={() => setEmpty(false)}
    />
  );
}

/** A number that may be left out. */
export function OptionalNumberField({
  value,
  onChange,
  ...input
}: Shared & { value: number | null; onChange: (value: number | null) => void }) {
  return (
    <NumberInput
      {...input}
      value={value ?? ""}
      onChange={(entered) => onChange(typeof entered === "number" ? entered : null)}
    />
  );
}
