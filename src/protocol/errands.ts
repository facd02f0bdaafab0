/** What workers can be asked to do outside the queue of tasks: all of them, at once, and each answers. */

import type { ActorErrand } from "./actors.ts";
import type { ErrorOnWire } from "./errors.ts";
import type { FunctionId, WorkerAddress } from "./identity.ts";
import type { LogErrand } from "./logs.ts";
import type { ShippedFunction } from "./task-spec.ts";
import type { TracePace } from "./tracing.ts";

/** Call this function now, and answer with what it returns. */
export interface RunErrand {
  readonly type: "run";
  readonly fn: ShippedFunction;
  /** All arguments, as packed by shipping. */
  readonly args: unknown;
}

/** Set this plugin up before the next task; one of the same name is taken down first. */
export interface RegisterPluginErrand {
  readonly type: "register-plugin";
  readonly name: string;
  /** As packed by shipping. */
  readonly plugin: unknown;
}

export interface UnregisterPluginErrand {
  readonly type: "unregister-plugin";
  readonly name: string;
}

/** Import this module before the next task. */
export interface RegisterModuleErrand {
  readonly type: "register-module";
  readonly url: string;
}

/** Take every plugin down: the worker is about to end. */
export interface LeaveErrand {
  readonly type: "leave";
}

/** Say what you do from now on, so much of it; or say what is left to be told, and no more. */
export interface TraceErrand {
  readonly type: "trace";
  readonly pace: TracePace | undefined;
}

/** Let go of these functions: none of your tasks runs them any more. */
export interface ForgetErrand {
  readonly type: "forget-functions";
  readonly ids: readonly FunctionId[];
}

export type Errand =
  | ForgetErrand
  | LogErrand
  | RunErrand
  | RegisterPluginErrand
  | UnregisterPluginErrand
  | RegisterModuleErrand
  | LeaveErrand
  | TraceErrand
  | ActorErrand;

/** How an errand, or a request, ended. */
export type ErrandOutcome = { readonly value: unknown } | { readonly error: ErrorOnWire };

/** The same from a client: answered when all workers have done it. `run` is answered with the values by address. */
export type ErrandRequest =
  | (RunErrand & {
      /** Addresses or names; all workers unless said. */
      readonly workers?: readonly WorkerAddress[] | undefined;
    })
  | RegisterPluginErrand
  | UnregisterPluginErrand
  | RegisterModuleErrand;
