import { engineContract } from "../../testing/engine-contract.js";

await engineContract("io_uring");
