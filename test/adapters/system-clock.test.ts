/** The platform's clock. */
import { SystemClock } from "../../src/adapters/system-clock.ts";
import { promisesOfClock } from "../compliance/clock.ts";

promisesOfClock(() => new SystemClock());
