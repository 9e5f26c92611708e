/** Reads an agent's line until its end, or until the agent closes. */
import { MAX_AGENT_BYTES, parseAgentReply } from "./agent.js";
import type { Judgement, Reader } from "./reader.js";

export class AgentLine implements Reader {
  #line = "";

  feed(bytes: Uint8Array): Judgement | undefined {
    for (const byte of bytes) {
      if (byte === 0x0a || byte === 0x0d) return this.end();
      this.#line += String.fromCharCode(byte);
      if (this.#line.length > MAX_AGENT_BYTES) return { ok: false, reason: `more than ${MAX_AGENT_BYTES} bytes` };
    }
    return undefined;
  }

  end(): Judgement {
    const said = parseAgentReply(this.#line);
    if (said === undefined)
      return {
        ok: false,
        reason: this.#line === "" ? "said nothing" : `not understood: ${JSON.stringify(this.#line)}`,
      };
    return { ok: said.up !== false, reason: said.text, said };
  }
}
