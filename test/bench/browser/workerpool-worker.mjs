/** What workerpool's web workers load. */
import "/node_modules/workerpool/dist/workerpool.min.js";
import { add, bytes, spin, sumAt } from "../tasks.mjs";

globalThis.workerpool.worker({ add, sumAt, spin, bytes });
