package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"os"
	"time"

	"onrush.dev/onrush/bench/internal/rig"
	"onrush.dev/onrush/internal/bus"
	"onrush.dev/onrush/internal/load"
	"onrush.dev/onrush/internal/record"
)

// task does what an agent does once a second, as fast as it can, and prints
// what that took.
func task() error {
	var j job
	if err := json.NewDecoder(os.Stdin).Decode(&j); err != nil {
		return err
	}
	ticket, err := bus.ParseTicket(j.Ticket)
	if err != nil {
		return err
	}
	conn, err := bus.Dial(context.Background(), ticket, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	defer conn.Close()
	r := record.New(record.Options{Task: "eu-1"})
	samples, shard := traffic(r, j), r.Shard()
	r.Gauges(func() record.Gauges { return record.Gauges{Users: 100, InFlight: 100, Connections: 100} })
	var f found
	const warm = 5
	for second := range j.Seconds + warm {
		if second == warm {
			f = found{}
		}
		for i := range samples {
			samples[i].End = time.Duration(second)*time.Second + time.Duration(i)
		}
		shard.RecordBatch(samples)
		if err := f.second(r, conn, second); err != nil {
			return err
		}
	}
	n := time.Duration(j.Seconds)
	f.Cut, f.Encode, f.Publish, f.Rest = f.Cut/n, f.Encode/n, f.Publish/n, f.Rest/n
	f.Peak, _ = rig.PeakMemory(os.Getpid())
	return json.NewEncoder(os.Stdout).Encode(f)
}

// second is what the agent does when a second is over; the rest is the work of
// the connection until the stream has the window.
func (f *found) second(r *record.Recorder, conn *bus.AgentConn, second int) error {
	at := rig.CPU()
	lap := func(sum *time.Duration) {
		now := rig.CPU()
		*sum += now - at
		at = now
	}
	w := r.Cut(second)
	lap(&f.Cut)
	data := load.AppendWindow(make([]byte, 0, f.Bytes), w)
	f.Bytes = len(data)
	lap(&f.Encode)
	if err := conn.PublishWindow(w.Seq, data); err != nil {
		return err
	}
	lap(&f.Publish)
	r.Recycle(w)
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := conn.Flush(ctx); err != nil {
		return err
	}
	lap(&f.Rest)
	return nil
}

// traffic is a second's samples of an open model.
func traffic(r *record.Recorder, j job) []record.Sample {
	rng := rand.New(rand.NewPCG(1, 2))
	ids := make([]int, j.Labels)
	for i := range ids {
		ids[i] = r.Label(fmt.Sprintf("GET /api/v1/resource/%d", i), "")
	}
	samples := make([]record.Sample, j.Samples)
	for i := range samples {
		part := func(median float64) time.Duration {
			return time.Duration(median * math.Exp(rng.NormFloat64()/2) * float64(time.Millisecond))
		}
		s := record.Sample{
			Label: ids[rng.IntN(j.Labels)], Latency: part(20), Service: part(18), FirstByte: part(15), Body: part(1), Lag: part(0.1),
			Connect: record.None, DNS: record.None, TCP: record.None, TLS: record.None,
			Status: 200, BytesIn: 5000, BytesOut: 200,
		}
		if j.Connections {
			s.Connect, s.DNS, s.TCP, s.TLS = part(5), part(1), part(2), part(3)
		}
		if i%100 == 0 {
			s.Status, s.Cause = 503, load.CauseStatus
		}
		samples[i] = s
	}
	return samples
}
