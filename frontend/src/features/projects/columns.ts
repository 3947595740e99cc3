/** Which columns of a file say what: the choices of the import screen, without the screen. */

/** {field: the columns it is read from}; a field without columns is not in the file. */
export type Columns = Readonly<Record<string, readonly string[]>>;

/** As `models`: each response was written by the model its column is named after. */
export const HEADINGS = "*";

/** Fields that an import of prompts or responses can be read into, in the order shown. */
export const CHOSEN = [
  "prompt",
  "messages",
  "responses",
  "models",
  "tags",
  "language",
  "source",
] as const;
const MANY = ["responses", "models"];

export const takesMany = (field: string) => MANY.includes(field);

/** The columns after a person chose `columns` for a field. */
export function choose(chosen: Columns, field: string, columns: readonly string[]): Columns {
  const next = { ...chosen, [field]: columns };
  // A conversation stands in one column or in one of messages, never in both.
  if (field === "prompt" && columns.length > 0) return { ...next, messages: [] };
  if (field === "messages" && columns.length > 0) return { ...next, prompt: [] };
  return next;
}

/** As the API takes it: one column as a text, several as a list; undefined where none is chosen. */
export function asQuery(chosen: Columns): string | undefined {
  const said = Object.entries(chosen)
    .filter(([, columns]) => columns.length > 0)
    .map(([field, columns]) => [
      field,
      columns.length === 1 && !(field === "responses" && chosen.models?.[0] === HEADINGS)
        ? columns[0]
        : [...columns],
    ]);
  return said.length > 0 ? JSON.stringify(Object.fromEntries(said)) : undefined;
}

/** Why a file cannot be imported like this yet, as a key of the texts; null where it can. */
export function missing(
  holds: string | undefined,
  chosen: Columns,
  isTable: boolean,
): "format" | "prompt" | "responses" | "models" | null {
  if (holds === undefined) return "format";
  if (!isTable || (holds !== "prompts" && holds !== "responses")) return null;
  const count = (field: string) => chosen[field]?.length ?? 0;
  if (count("prompt") + count("messages") === 0) return "prompt";
  if (holds === "responses" && count("responses") === 0) return "responses";
  const models = chosen.models ?? [];
  if (models.length > 1 && models.length !== count("responses")) return "models";
  return null;
}
