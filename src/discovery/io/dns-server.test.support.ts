/** A DNS server that says what a test tells it to: by UDP and TCP on one port of loopback, over real sockets. */
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { type AddressInfo, createServer, type Server } from "node:net";
import type { TestContext } from "node:test";

export const TYPE = { A: 1, CNAME: 5, AAAA: 28, SRV: 33 } as const;

export interface Answer {
  readonly code?: number;
  readonly isTruncated?: boolean;
  /** Encoded by `record`. */
  readonly records?: readonly Uint8Array[];
  /** Instead of the question's. */
  readonly id?: number;
  readonly question?: string;
  /** Sent as it is. */
  readonly raw?: Uint8Array;
}

export interface Asked {
  readonly id: number;
  readonly name: string;
  readonly type: number;
  readonly isTcp: boolean;
}

/** undefined = no answer; several answers are sent one after the other. */
export type Script = (asked: Asked) => Answer | readonly Answer[] | undefined;

export class DnsServer {
  readonly port: number;
  readonly asked: Asked[] = [];
  script: Script;
  readonly #udp: Socket;
  readonly #tcp: Server;

  constructor(udp: Socket, tcp: Server, script: Script) {
    this.#udp = udp;
    this.#tcp = tcp;
    this.script = script;
    this.port = udp.address().port;
    udp.on("message", (bytes, from) => {
      for (const answer of this.#answer(bytes, false)) udp.send(answer, from.port, from.address);
    });
    tcp.on("connection", (socket) => {
      socket.on("error", () => {});
      socket.on("data", (bytes) => {
        for (const answer of this.#answer(bytes.subarray(2), true)) {
          // In pieces, as a network may deliver it.
          socket.write(Buffer.from([answer.length >> 8, answer.length & 255]).subarray(0, 1));
          setImmediate(() => {
            socket.write(Buffer.from([answer.length & 255]));
            socket.write(answer);
          });
        }
      });
    });
  }

  #answer(bytes: Buffer, isTcp: boolean): Buffer[] {
    const [name, end] = readPlainName(bytes, 12);
    const asked = { id: bytes.readUInt16BE(0), name, type: bytes.readUInt16BE(end), isTcp };
    this.asked.push(asked);
    const answers = this.script(asked) ?? [];
    return [answers].flat().map((answer) => encodeAnswer(asked, answer as Answer));
  }

  close(): void {
    this.#udp.close();
    this.#tcp.close();
  }
}

export async function startDnsServer(t: TestContext, script: Script): Promise<DnsServer> {
  for (;;) {
    const udp = createSocket("udp4").bind(0, "127.0.0.1");
    await once(udp, "listening");
    const tcp = createServer();
    const bound = await new Promise<boolean>((resolve) => {
      tcp.once("error", () => resolve(false));
      tcp.listen(udp.address().port, "127.0.0.1", () => resolve(true));
    });
    if (bound && (tcp.address() as AddressInfo).port === udp.address().port) {
      const server = new DnsServer(udp, tcp, script);
      t.after(() => server.close());
      return server;
    }
    // Somebody else has that port for TCP.
    udp.close();
  }
}

export function encodeName(name: string): Buffer {
  const labels = name === "" ? [] : name.split(".");
  return Buffer.concat([
    ...labels.map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label, "latin1")])),
    Buffer.from([0]),
  ]);
}

/** @param data of the record, as on the wire */
export function record(name: string, type: number, ttlSeconds: number, data: Uint8Array): Buffer {
  const head = Buffer.alloc(10);
  head.writeUInt16BE(type, 0);
  head.writeUInt16BE(1, 2);
  head.writeUInt32BE(ttlSeconds, 4);
  head.writeUInt16BE(data.length, 8);
  return Buffer.concat([encodeName(name), head, data]);
}

export const a = (name: string, host: string, ttl = 60): Buffer =>
  record(name, TYPE.A, ttl, Uint8Array.from(host.split(".").map(Number)));

/** @param groups the eight of them */
export const aaaa = (name: string, groups: readonly number[], ttl = 60): Buffer =>
  record(name, TYPE.AAAA, ttl, Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 255])));

export const cname = (name: string, target: string, ttl = 60): Buffer =>
  record(name, TYPE.CNAME, ttl, encodeName(target));

export function srv(name: string, priority: number, weight: number, port: number, target: string, ttl = 60): Buffer {
  const numbers = [priority, weight, port].flatMap((number) => [number >> 8, number & 255]);
  return record(name, TYPE.SRV, ttl, Buffer.concat([Buffer.from(numbers), encodeName(target)]));
}

export function encodeAnswer(asked: Asked, answer: Answer): Buffer {
  const { code = 0, isTruncated = false, records = [], id = asked.id, question = asked.name, raw } = answer;
  if (raw !== undefined) return Buffer.from(raw);
  const head = Buffer.alloc(12);
  head.writeUInt16BE(id, 0);
  head.writeUInt16BE(0x8180 | (isTruncated ? 0x0200 : 0) | code, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(records.length, 6);
  const type = Buffer.from([0, asked.type, 0, 1]);
  return Buffer.concat([head, encodeName(question), type, ...records]);
}

function readPlainName(bytes: Buffer, start: number): [string, number] {
  const labels: string[] = [];
  let at = start;
  while (bytes[at] !== 0) {
    labels.push(bytes.toString("latin1", at + 1, at + 1 + bytes[at]));
    at += 1 + bytes[at];
  }
  return [labels.join("."), at + 1];
}
