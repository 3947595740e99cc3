import { NumberInput, type NumberInputProps } from "@mantine/core";
import { useState } from "react";

type Shared = Omit<NumberInputProps, "value" | "onChange" | "onBlur">;

/** A number that is always there: an emptied field shows the old one again when it is left. */
export function NumberField({
  value,
  onChange,
  ...input
}: Shared & { value: number; onChange: (value: number) => void }) {
  return (
    <OptionalNumberField
      {...input}
      value={value}
      onChange={(entered) => entered !== null && onChange(entered)}
    />
  );
}

/** A number that may be left out. */
export function OptionalNumberField({
  value,
  onChange,
  ...input
}: Shared & { value: number | null; onChange: (value: number | null) => void }) {
  // What is typed is shown as it is until the field is left: "0." on the way to 0.3 is no number.
  const [typed, setTyped] = useState<string | number | null>(null);
  return (
    <NumberInput
      {...input}
      value={typed ?? value ?? ""}
      onChange={(entered) => {
        setTyped(entered);
        if (typeof entered === "number") onChange(entered);
        if (entered === "") onChange(null);
      }}
      onBlur={() => setTyped(null)}
    />
  );
}
