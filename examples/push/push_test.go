package main

import (
	"bytes"
	"context"
	"errors"
	"regexp"
	"strconv"
	"testing"
	"time"
)

// Both receivers get something, and the slow one no more than its work allows.
func TestPush(t *testing.T) {
	const duration = 200 * time.Millisecond
	var out bytes.Buffer
	if err := run(t.Context(), duration, &out); err != nil {
		t.Fatal(err)
	}
	lines := regexp.MustCompile(`(fast|slow), \w+ +sent +([\d.]+) MiB/s +received +([\d.]+) MiB/s\n`).FindAllStringSubmatch(out.String(), -1)
	if len(lines) != 2 || lines[0][1] != "fast" || lines[1][1] != "slow" {
		t.Fatalf("the output is %q", out.String())
	}
	for _, l := range lines {
		if got, err := strconv.ParseFloat(l[3], 64); err != nil || got <= 0 {
			t.Errorf("%s: %v MiB/s received, %v", l[1], got, err)
		}
	}
	// A message for each piece of work, and one that is being worked on.
	most := float64(duration/work+1) * messageSize / duration.Seconds() / (1 << 20)
	if got, _ := strconv.ParseFloat(lines[1][3], 64); got > most+0.05 {
		t.Errorf("the slow receiver took %.1f MiB/s, its work allows %.1f", got, most)
	}
}

func TestPushEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := run(ctx, time.Hour, &bytes.Buffer{}); !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v", err)
	}
}
