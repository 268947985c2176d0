import { describe, expect, it } from "vitest";
import { SeriesFeed, type SeriesFilter } from "./seriesfeed";
import type { Series, SeriesPoint, Snapshot } from "./types";

const point = (second: number) => ({ second, requests: 1 }) as SeriesPoint;
const snapshot = (second: number, regions: string[] = []) =>
  ({
    second,
    last: point(second),
    region_last: Object.fromEntries(regions.map((r) => [r, point(second)])),
  }) as Snapshot;

function feed(filter: SeriesFilter, upTo: { second: number }) {
  const asked: number[] = [];
  const load = async (_: SeriesFilter, from: number): Promise<Series> => {
    asked.push(from);
    const points = [];
    for (let s = from; s <= upTo.second; s++) points.push(point(s));
    return { step: 1, points };
  };
  return { asked, feed: new SeriesFeed(load, filter, () => {}) };
}

const settled = () => new Promise((resolve) => setTimeout(resolve, 0));

describe("SeriesFeed", () => {
  it("appends from snapshots without asking again", async () => {
    const { feed: f, asked } = feed({}, { second: 4 });
    await f.whole();
    f.offer(snapshot(5));
    f.offer(snapshot(6));
    f.offer(snapshot(6));
    expect(f.store.seconds).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(asked).toEqual([0]);
  });

  it("fills the seconds that the stream missed", async () => {
    const end = { second: 2 };
    const { feed: f, asked } = feed({}, end);
    await f.whole();
    end.second = 9;
    f.offer(snapshot(9));
    await settled();
    expect(f.store.seconds).toHaveLength(10);
    expect(asked).toEqual([0, 3]);
  });

  it("takes a region from the snapshot, a label from the server", async () => {
    const end = { second: 2 };
    const region = feed({ region: "eu" }, end);
    const label = feed({ label: "GET /" }, end);
    await Promise.all([region.feed.whole(), label.feed.whole()]);
    end.second = 3;
    region.feed.offer(snapshot(3, ["eu"]));
    label.feed.offer(snapshot(3));
    await settled();
    expect(region.asked).toEqual([0]);
    expect(label.asked).toEqual([0, 3]);
    expect(label.feed.store.next).toBe(4);
  });

  it("keeps what it has when the server cannot answer", async () => {
    let fail = false;
    const f = new SeriesFeed(
      async () => {
        if (fail) throw new Error("away");
        return { step: 1, points: [point(0)] };
      },
      {},
      () => {},
    );
    await f.whole();
    fail = true;
    f.offer(snapshot(5));
    await settled();
    expect(f.store.seconds).toEqual([0]);
    expect(f.error).toBeInstanceOf(Error);
  });
});
