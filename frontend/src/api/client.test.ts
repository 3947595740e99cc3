import { afterEach, beforeEach, describe, expect, expectTypeOf, it, vi } from "vitest";
import { ApiError, del, get, NetworkError, patch, post } from "./client";
import type { Job, Session } from "./types";

let asked: Request[];
let answer: () => Response | Promise<Response>;

beforeEach(() => {
  asked = [];
  vi.stubGlobal("fetch", async (request: Request) => {
    asked.push(request);
    return answer();
  });
});
afterEach(() => {
  vi.unstubAllGlobals();
  document.documentElement.lang = "en";
});

const gives = (body: unknown, status = 200) => {
  answer = () => new Response(status === 204 ? null : JSON.stringify(body), { status });
};
const thrown = (call: Promise<unknown>) => call.catch((error: unknown) => error);

describe("a call", () => {
  it("fills the path and the query, leaving out what is not given", async () => {
    gives({ rows: [], next: 7 });

    const metrics = await get("/api/jobs/{job_id}/metrics/", {
      path: { job_id: "a/b" },
      query: { since: 5 },
    });
    await get("/api/projects/", { query: { limit: undefined } });

    expect(asked.map(({ url }) => url.replace(location.origin, ""))).toEqual([
      "/api/jobs/a%2Fb/metrics/?since=5",
      "/api/projects/",
    ]);
    expect(metrics.next).toBe(7);
  });

  it("sends JSON with the proof that it comes from this page, in the language on screen", async () => {
    // biome-ignore lint/suspicious/noDocumentCookie: it stands in for the server, which sets it.
    document.cookie = "csrftoken=proof";
    document.documentElement.lang = "zh-Hans";
    gives({});

    await post("/api/projects/", { body: { team: "t", name: "Demo" } });

    const [request] = asked;
    expect(await request?.json()).toEqual({ team: "t", name: "Demo" });
    expect(request?.headers.get("X-CSRFToken")).toBe("proof");
    expect(request?.headers.get("Accept-Language")).toBe("zh-Hans");
    expect(request?.headers.get("Content-Type")).toBe("application/json");
  });

  it("reads a text as a text, also one that looks like a number, and nothing as nothing", async () => {
    answer = () => new Response("12");
    const log = await get("/api/jobs/{job_id}/log/", { path: { job_id: "j" }, as: "text" });
    gives(null, 204);
    const gone = await del("/api/session/");

    expect(log).toBe("12");
    expect(gone).toBeUndefined();
  });
});

describe("a failure", () => {
  it("is a refusal with its sentences where the server gives them", async () => {
    const sentence = { code: "round_not_draft", params: { state: "done" } };
    gives({ code: "conflict", message: "Too late.", fields: { name: ["Taken."] }, sentence }, 409);

    const error = await thrown(get("/api/session/"));

    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({
      status: 409,
      code: "conflict",
      message: "Too late.",
      fields: { name: ["Taken."] },
      sentence,
    });
  });

  it("is a fault of the server where a proxy answers with a page", async () => {
    answer = () => new Response("<h1>Bad gateway</h1>", { status: 502 });

    expect(await thrown(get("/api/session/"))).toMatchObject({ status: 502, code: "server_error" });
  });

  it("is a lost connection where no answer comes, or a broken one", async () => {
    answer = () => Promise.reject(new TypeError("Failed to fetch"));
    const cut = await thrown(get("/api/session/"));
    answer = () => new Response("<h1>Sign in to this network</h1>");
    const portal = await thrown(get("/api/session/"));

    expect(cut).toBeInstanceOf(NetworkError);
    expect(portal).toBeInstanceOf(NetworkError);
  });
});

it("is held to the schema: paths, input and answers", () => {
  expectTypeOf(get<"/api/session/">).returns.resolves.toEqualTypeOf<Session>();
  expectTypeOf(get<"/api/jobs/{job_id}/">).returns.resolves.toEqualTypeOf<Job>();
  expectTypeOf(get<"/api/jobs/{job_id}/log/">).returns.resolves.toEqualTypeOf<string>();
  expectTypeOf(del<"/api/session/">).returns.resolves.toEqualTypeOf<undefined>();

  // Only its types are checked; nobody calls it.
  const wrong = () => [
    // @ts-expect-error there is no such path
    get("/api/nowhere/"),
    // @ts-expect-error jobs are not patched
    patch("/api/jobs/{job_id}/", { path: { job_id: "j" } }),
    // @ts-expect-error the path needs its parameter
    get("/api/jobs/{job_id}/"),
    // @ts-expect-error a limit is a number
    get("/api/projects/", { query: { limit: "all" } }),
    // @ts-expect-error a project has a team
    post("/api/projects/", { body: { name: "Demo" } }),
    // @ts-expect-error a log is text, and is to be read so
    get("/api/jobs/{job_id}/log/", { path: { job_id: "j" } }),
  ];
  expectTypeOf(wrong).toBeFunction();
});
