import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { SLOT_CELLS } from "../model/cells.js";
import { loadReport, parseLoadReport, storeReport, weightFromReport } from "./load-report.js";

describe("a load report", () => {
  test("is read from text and from JSON", () => {
    const expected = { utilization: 0.3, rps: 12.5, eps: 1 };
    const text = "TEXT cpu_utilization=0.3, mem_utilization=0.8,rps_fractional=12.5, eps=1, named_metrics.queue=3";
    assert.deepEqual(parseLoadReport(text), expected);
    const json =
      'JSON {"cpu_utilization":0.3,"mem_utilization":0.8,"rps_fractional":12.5,"eps":1,"named_metrics":{"queue":3}}';
    assert.deepEqual(parseLoadReport(json), expected);
    assert.deepEqual(parseLoadReport("  text   cpu_utilization=3e-1  "), { utilization: 0.3, rps: 0, eps: 0 });
  });

  test("prefers what the application says of itself to the CPU", () => {
    assert.equal(parseLoadReport("TEXT cpu_utilization=0.2,application_utilization=0.9")?.utilization, 0.9);
    assert.equal(parseLoadReport("TEXT cpu_utilization=0.2,application_utilization=0")?.utilization, 0.2);
  });

  test("is none when anything about it is wrong", () => {
    const wrong = [
      "",
      "TEXT",
      "TEXT ",
      "TEXT cpu_utilization",
      "TEXT cpu_utilization=",
      "TEXT cpu_utilization=-1",
      "TEXT cpu_utilization=0x1",
      "TEXT cpu_utilization=1.2.3",
      "TEXT cpu_utilization=.5",
      "TEXT cpu_utilization=NaN",
      "TEXT cpu_utilization=1e999",
      "TEXT cpu_utilization=0.1,,eps=1",
      "TEXT cpu_utilization=0.1,cpu_utilization=0.2",
      "TEXT cpu_utilization=101",
      "TEXT eps=1000001",
      "JSON",
      "JSON []",
      "JSON null",
      "JSON 1",
      "JSON {",
      'JSON {"cpu_utilization":"0.3"}',
      'JSON {"cpu_utilization":{}}',
      'JSON {"cpu_utilization":-0.3}',
      'JSON {"mem_utilization":true}',
      "BIN AAAA",
      "cpu_utilization=0.3",
      `TEXT cpu_utilization=0.1, x=${"1".repeat(5000)}`,
    ];
    for (const value of wrong) assert.equal(parseLoadReport(value), undefined, value.slice(0, 60));
  });

  test("of any text is nothing or within bounds, and does not take long", () => {
    const piece = fc.constantFrom(
      "TEXT ",
      "JSON ",
      "cpu_utilization",
      "eps",
      "=",
      ",",
      "1e9",
      "0.5",
      "{",
      "}",
      '"',
      ":",
      " ",
      "__proto__",
      "\t",
      "-",
      "9",
    );
    const any = fc.oneof(
      fc.string(),
      fc.array(piece, { maxLength: 2000 }).map((pieces) => pieces.join("")),
    );
    fc.assert(
      fc.property(any, (value) => {
        const report = parseLoadReport(value);
        if (report === undefined) return;
        assert.ok(report.utilization >= 0 && report.utilization <= 100);
        assert.ok(report.rps >= 0 && report.rps <= 1e6 && report.eps >= 0 && report.eps <= 1e6);
      }),
      { numRuns: 500 },
    );
    const hostile = [
      " ".repeat(4000),
      `TEXT ${" ".repeat(4000)}`,
      `TEXT ${"\t=".repeat(2000)}`,
      `JSON ${"[".repeat(4000)}`,
    ];
    const begin = process.hrtime.bigint();
    for (const value of hostile) assert.equal(parseLoadReport(value), undefined);
    assert.ok(Number(process.hrtime.bigint() - begin) < 1e9, "no value makes a regular expression go back and forth");
  });

  test("gives a weight: what the endpoint would serve at full use, less for errors", () => {
    assert.equal(weightFromReport({ utilization: 0.5, rps: 100, eps: 0 }, 1), 200);
    assert.equal(weightFromReport({ utilization: 0.5, rps: 100, eps: 50 }, 1), 100);
    assert.equal(weightFromReport({ utilization: 0, rps: 100, eps: 0 }, 1), undefined);
    assert.equal(weightFromReport({ utilization: 0.5, rps: 0, eps: 0 }, 1), undefined);
  });

  test("is kept for all threads until it is too old", () => {
    const cells = new Int32Array(new SharedArrayBuffer(SLOT_CELLS * 4));
    assert.equal(loadReport(cells, 0, 5, 1000), undefined);
    storeReport(cells, 0, { utilization: 0.25, rps: 12.5, eps: 0.125 }, 0);
    assert.deepEqual(loadReport(cells, 0, 900, 1000), { utilization: 0.25, rps: 12.5, eps: 0.125 });
    assert.equal(loadReport(cells, 0, 1100, 1000), undefined);
  });
});
