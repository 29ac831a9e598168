package transceiver

import (
	"slices"
	"testing"
	"time"
)

const ms = time.Millisecond

func TestNacksAreRepeatedUntilThePacketComes(t *testing.T) {
	var k nacks
	due, ok := k.gap(10, 12, 0, 100*ms)
	if !ok || due != 10*ms {
		t.Fatalf("a gap is due at %v", due)
	}
	if out, _, next := k.due(nil, 9*ms, 100*ms); len(out) != 0 || next != 10*ms {
		t.Errorf("asked for %v before the tolerance was over; next %v", out, next)
	}
	out, _, next := k.due(nil, 10*ms, 100*ms)
	if !slices.Equal(out, []uint16{10, 11}) || next != 135*ms {
		t.Errorf("asked for %v, next at %v", out, next)
	}
	if m, ok := k.arrived(10); !ok || m.tries != 1 || m.asked != 10*ms {
		t.Errorf("what came was asked for: %+v %v", m, ok)
	}
	if _, ok := k.arrived(10); ok {
		t.Error("it came twice")
	}
	if !k.wants(11) || k.wants(10) || k.wants(12) {
		t.Error("wants the wrong packets")
	}
	if out, _, _ = k.due(nil, next, 100*ms); !slices.Equal(out, []uint16{11}) {
		t.Errorf("the repetition asks for %v", out)
	}
}

func TestNacksGiveUp(t *testing.T) {
	var k nacks
	k.gap(1, 2, 0, 10*ms)
	asked := 0
	var last time.Duration
	for now := time.Duration(0); now < 3*time.Second; now += ms {
		out, lost, next := k.due(nil, now, 10*ms)
		asked += len(out)
		if lost > 0 {
			last = now
			if next != 0 {
				t.Errorf("after the end it is due again at %v", next)
			}
		}
	}
	if asked < 5 || asked > maxNackTries || last == 0 || last > 2*maxNackAge {
		t.Errorf("asked %d times, gave up after %v", asked, last)
	}
}

// TestNacksHaveThreeTriesInHalfASecond holds the times to what they are for: at
// 10 % loss both ways, three tries leave one packet in a thousand of the lost ones.
func TestNacksHaveThreeTriesInHalfASecond(t *testing.T) {
	var k nacks
	k.gap(1, 2, 20*ms, 100*ms) // noticed with the next packet
	tries := 0
	for now := time.Duration(0); now+100*ms <= 500*ms; now += ms {
		out, _, _ := k.due(nil, now, 100*ms)
		tries += len(out)
	}
	if tries < 3 {
		t.Errorf("%d requests can be answered within half a second", tries)
	}
}

func TestNacksAreBounded(t *testing.T) {
	var k nacks
	if _, ok := k.gap(0, maxMissing, 0, 0); !ok || len(k.missing) != maxMissing {
		t.Fatal("the largest gap was refused")
	}
	if _, ok := k.gap(2000, 2001, 0, 0); ok || len(k.missing) != 0 {
		t.Error("one more was taken")
	}
	if _, ok := k.gap(0, 1<<40, 0, 0); ok {
		t.Error("a huge gap was taken")
	}
}

func BenchmarkNacks(b *testing.B) {
	b.ReportAllocs()
	var k nacks
	var seqs []uint16
	now, ext := time.Duration(0), uint64(0)
	for b.Loop() { // every tenth packet comes 100 ms late
		now += ms
		ext++
		if ext%10 == 0 {
			k.gap(ext, ext+1, now, 100*ms)
		}
		if ext > 100 && ext%10 == 0 {
			k.arrived(ext - 100)
		}
		seqs, _, _ = k.due(seqs[:0], now, 100*ms)
	}
}
