import { engineContract } from "../../testing/engine-contract.js";

await engineContract("epoll");
