import { engineContract } from "../../testing/engine-contract.js";

await engineContract("epoll");
await engineContract("epoll without AIO");
