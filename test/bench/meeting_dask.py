"""Rounds of Dask's Queue, Lock, Variable and Event, in microseconds (medians), as one line of JSON."""
import json
import statistics
import time

from distributed import Client, Event, Lock, Queue, Variable


def timed(count, act):
    times = []
    for i in range(count):
        start = time.perf_counter()
        act(i)
        times.append((time.perf_counter() - start) * 1e6)
    return statistics.median(times)


if __name__ == "__main__":
    with Client(n_workers=2, threads_per_worker=1, dashboard_address=None) as client:
        queue, lock, variable, event = Queue("bench"), Lock("bench"), Variable("bench"), Event("bench")

        def queues(i):
            queue.put(i)
            queue.get()

        def locks(i):
            lock.acquire()
            lock.release()

        def variables(i):
            variable.set(i)
            variable.get()

        def events(i):
            event.set()
            event.wait()
            event.clear()

        acts = {"queue": queues, "lock": locks, "variable": variables, "event": events}
        for act in acts.values():
            timed(20, act)
        print(json.dumps({name: timed(300, act) for name, act in acts.items()}))
