import createClient from "openapi-fetch";
import type {
  HttpMethod,
  OperationRequestBodyContent,
  PathsWithMethod,
  SuccessResponseJSON,
} from "openapi-typescript-helpers";
import type { paths } from "./schema";

/** A refusal by the server: `code` is stable and translated on screen, `message` is its sentence. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly fields: Record<string, string[]> = {},
  ) {
    super(message);
    this.name = "ApiError";
  }
}

/** No answer came: cable, server or proxy. Worth trying again, unlike an ApiError. */
export class NetworkError extends Error {
  constructor(cause: unknown) {
    super("The server could not be reached.", { cause });
    this.name = "NetworkError";
  }
}

const http = createClient<paths>({
  baseUrl: location.origin,
  credentials: "same-origin",
  // Looked up at each call, so that whoever replaces the page's fetch replaces ours.
  fetch: (request: Request) => fetch(request),
});

http.use({
  onRequest({ request }) {
    if (request.method !== "GET") request.headers.set("X-CSRFToken", csrfToken());
    return request;
  },
});

export function csrfToken(): string {
  return /(?:^|;\s*)csrftoken=([^;]+)/.exec(document.cookie)?.[1] ?? "";
}

function toApiError(status: number, body: unknown): ApiError {
  if (typeof body === "object" && body !== null) {
    const { code, message, fields } = body as Partial<ApiError>;
    if (typeof code === "string") return new ApiError(status, code, message ?? code, fields ?? {});
  }
  return new ApiError(status, status >= 500 ? "server_error" : "error", `HTTP ${status}`);
}

interface AnyOptions {
  path?: Record<string, string>;
  query?: Record<string, unknown>;
  body?: unknown;
  signal?: AbortSignal;
  /** How the answer is read; JSON where nothing is said. */
  parseAs?: "json" | "text";
  /** Of a body that is sent as it is, such as a file. */
  contentType?: string;
}

async function call(method: HttpMethod, path: string, options: AnyOptions = {}): Promise<unknown> {
  const { path: pathParameters, query, body, signal, parseAs, contentType } = options;
  const request = http.request as (
    method: HttpMethod,
    path: string,
    init: object,
  ) => Promise<{ data?: unknown; error?: unknown; response: Response }>;
  let outcome: Awaited<ReturnType<typeof request>>;
  try {
    outcome = await request(method, path, {
      params: { path: pathParameters, query },
      body,
      signal,
      parseAs,
      ...(contentType && {
        headers: { "Content-Type": contentType },
        bodySerializer: (raw: unknown) => raw,
      }),
    });
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === "AbortError") throw cause;
    throw new NetworkError(cause);
  }
  if (!outcome.response.ok) throw toApiError(outcome.response.status, outcome.error);
  return outcome.data;
}

/** What an operation of the schema takes and gives. */
type Operation<P, M> = P extends keyof paths
  ? M extends keyof paths[P]
    ? paths[P][M]
    : never
  : never;
type Parameters_<O, K extends string> = O extends { parameters: infer All }
  ? K extends keyof All
    ? All[K]
    : undefined
  : undefined;
type Given<K extends string, V> = [V] extends [undefined] ? unknown : { [Key in K]: V };
type Options<O> = Given<"path", Parameters_<O, "path">> & {
  query?: Parameters_<O, "query">;
  body?: OperationRequestBodyContent<O> | Blob;
} & Pick<AnyOptions, "signal" | "parseAs" | "contentType">;
type Answer<O> = O extends Record<string | number, unknown> ? SuccessResponseJSON<O> : never;

/** A function that calls any path of the API with `method`: path, input and answer are checked. */
function verb<M extends HttpMethod>(method: M) {
  return <P extends PathsWithMethod<paths, M>>(
    path: P,
    ...options: object extends Options<Operation<P, M>>
      ? [Options<Operation<P, M>>?]
      : [Options<Operation<P, M>>]
  ) => call(method, path as string, options[0] as AnyOptions) as Promise<Answer<Operation<P, M>>>;
}

export const get = verb("get");
export const post = verb("post");
export const put = verb("put");
export const patch = verb("patch");
export const del = verb("delete");
