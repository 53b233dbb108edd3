package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// parts is into how many parts of a growing table the rate is told.
const parts = 12

// growthRun measures the program while its tables grow to o.growth webhooks, and prints the rate of each twelfth, and the processor time for
// each of its webhooks, on which other programs have less influence.
func growthRun(ctx context.Context, o options, binary string, db database) (err error) {
	server, err := serve(ctx, binary, db.url())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Stop()) }()
	fmt.Printf("%d webhooks, %.0f %% of them repeated, over %d connections; %s\n\n", o.growth, 100*o.duplicates, o.connections, db.describe(ctx))
	fmt.Printf("%10s %11s %9s %9s %9s %9s\n", "events", "webhooks/s", "p50", "p99", "program", "database")
	events := 0
	for i := range parts {
		// Made part by part: all at once would not fit into memory.
		traffic := newTraffic(o.seed+uint64(i), o.growth/parts, o.duplicates)
		if err := seedPart(ctx, db, i == 0, traffic.calls); err != nil {
			return err
		}
		sent := &answers{}
		before := times(server, db)
		took, elapsed, err := sendAll(ctx, server.Address, o, traffic.requests, sent)
		if err != nil {
			return err
		}
		after := times(server, db)
		if n := sent.other.Load(); n > 0 || int(sent.first.Load()) != traffic.events() {
			return fmt.Errorf("%d first answers and %d wrong ones to %d events", sent.first.Load(), n, traffic.events())
		}
		events += traffic.events()
		slices.Sort(took)
		each := func(process string) time.Duration {
			return ((after[process] - before[process]) / time.Duration(len(took))).Round(time.Microsecond)
		}
		fmt.Printf("%10d %11.0f %9s %9s %9v %9v\n", events, float64(len(took))/elapsed.Seconds(), millis(took[len(took)/2]), millis(took[len(took)*99/100]),
			each("program"), each("database"))
	}
	kept, err := db.count(ctx, `SELECT count(*) FROM webhook_events WHERE outcome = 'accepted'`)
	if err != nil {
		return err
	}
	return differs("accepted events", kept, events)
}

// seedPart inserts calls, and with the first of them their campaign.
func seedPart(ctx context.Context, db database, first bool, calls []*call) error {
	if first {
		return seedCalls(ctx, db, calls)
	}
	return insertCalls(ctx, db, "calls", calls)
}

// sendAll sends requests over connections that are new: making the requests takes longer than a server keeps a silent one.
func sendAll(ctx context.Context, address string, o options, requests []*request, sent *answers) ([]time.Duration, time.Duration, error) {
	conns, err := dialAll(ctx, address, o.connections)
	if err != nil {
		return nil, 0, err
	}
	defer conns.close()
	return conns.send(ctx, requests, sent)
}
