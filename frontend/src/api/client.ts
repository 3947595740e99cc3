import type { components, paths } from "./schema";

type Refusal = components["schemas"]["Refusal"];

/** A refusal by the server: `code` is its class, `message` what it says, in English. */
export class ApiError extends Error {
  /** What it says by code, to be said in the language on screen; null where a library said it. */
  readonly sentence: Refusal["sentence"];
  /** What is wrong with fields of the input: in English, and by code at the same places. */
  readonly fields: Refusal["fields"];
  readonly fieldSentences: Refusal["field_sentences"];

  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    refusal: Partial<Refusal> = {},
  ) {
    super(message);
    this.name = "ApiError";
    this.sentence = refusal.sentence ?? null;
    this.fields = refusal.fields ?? {};
    this.fieldSentences = refusal.field_sentences ?? {};
  }
}

/** No answer came: cable, server or proxy. Worth trying again, unlike an ApiError. */
export class NetworkError extends Error {
  constructor(cause: unknown) {
    super("The server could not be reached.", { cause });
    this.name = "NetworkError";
  }
}

export function csrfToken(): string {
  return /(?:^|;\s*)csrftoken=([^;]+)/.exec(document.cookie)?.[1] ?? "";
}

function isRefusal(body: unknown): body is Pick<Refusal, "code"> & Partial<Refusal> {
  return (
    typeof body === "object" && body !== null && "code" in body && typeof body.code === "string"
  );
}

function toApiError(status: number, body: unknown): ApiError {
  if (isRefusal(body)) return new ApiError(status, body.code, body.message ?? body.code, body);
  return new ApiError(status, status >= 500 ? "server_error" : "error", `HTTP ${status}`);
}

interface AnyOptions {
  path?: Record<string, string>;
  query?: object;
  /** Sent as JSON; a file as it is. */
  body?: unknown;
  contentType?: string;
  signal?: AbortSignal;
  as?: "text";
}

function requestOf(method: Method, path: string, options: AnyOptions): Request {
  const { path: given = {}, query = {}, body, contentType, signal } = options;
  const address = path.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(given[name] ?? ""));
  const url = new URL(address, location.origin);
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) url.searchParams.set(name, String(value));
  }
  // What a library on the server words itself comes in the language on screen.
  const headers = new Headers({ "Accept-Language": document.documentElement.lang || "en" });
  if (method !== "get") headers.set("X-CSRFToken", csrfToken());
  if (body !== undefined) headers.set("Content-Type", contentType ?? "application/json");
  return new Request(url, {
    method: method.toUpperCase(),
    headers,
    body: body === undefined || body instanceof Blob ? body : JSON.stringify(body),
    credentials: "same-origin",
    signal,
  });
}

/** The JSON that a response carries, or undefined when it carries nothing. */
async function contentOf(response: Response, as?: "text") {
  const text = await response.text();
  if (as === "text" && response.ok) return text;
  if (!text) return undefined;
  try {
    return JSON.parse(text);
  } catch (error) {
    // A proxy's page beside an error status; beside a success it is no answer at all.
    if (response.ok) throw error;
  }
}

async function call(method: Method, path: string, options: AnyOptions = {}) {
  let response: Response;
  let content: Awaited<ReturnType<typeof contentOf>>;
  try {
    response = await fetch(requestOf(method, path, options));
    content = await contentOf(response, options.as);
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === "AbortError") throw cause;
    throw new NetworkError(cause);
  }
  if (!response.ok) throw toApiError(response.status, content);
  return content;
}

// The schema, read as types: what an operation takes and gives.

type Method = "get" | "post" | "put" | "patch" | "delete";
type PathWith<M extends Method> = {
  [P in keyof paths]: paths[P] extends Record<M, { responses: unknown }> ? P : never;
}[keyof paths];
type Operation<P extends keyof paths, M extends Method> =
  paths[P] extends Record<M, infer O> ? O : never;
type Content<T> = T extends { content: infer C } ? C[keyof C] : undefined;

type PathGiven<O> = O extends { parameters: { path: infer V } } ? { path: V } : unknown;
type QueryGiven<O> = O extends { parameters: { query?: infer V } } ? { query?: V } : unknown;
type BodyGiven<O> = O extends { requestBody: infer B }
  ? { body: Content<B> }
  : O extends { requestBody?: infer B }
    ? { body?: Content<B> | Blob; contentType?: string }
    : unknown;
/** An answer that the schema calls text must be read as text. */
type TextGiven<O> = Answer<O> extends string ? { as: "text" } : unknown;
type Options<O> = PathGiven<O> &
  QueryGiven<O> &
  BodyGiven<O> &
  TextGiven<O> & { signal?: AbortSignal };
type Arguments<O> = object extends Options<O> ? [Options<O>?] : [Options<O>];
type Answer<O> = O extends { responses: infer R }
  ? Content<R[keyof R & (200 | 201 | 202 | 204)]>
  : never;

/** A function that calls any path of the API with `method`: path, input and answer are checked. */
function verb<M extends Method>(method: M) {
  function send<P extends PathWith<M>>(
    path: P,
    ...options: Arguments<Operation<P, M>>
  ): Promise<Answer<Operation<P, M>>>;
  function send(path: string, options?: AnyOptions) {
    return call(method, path, options);
  }
  return send;
}

export const get = verb("get");
export const post = verb("post");
export const put = verb("put");
export const patch = verb("patch");
export const del = verb("delete");
