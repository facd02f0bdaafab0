/** What a worker offers through Comlink. Import maps do not reach into workers, hence the whole address. */
import { expose } from "/node_modules/comlink/dist/esm/comlink.mjs";
import * as tasks from "../tasks.mjs";

expose({ ...tasks });
