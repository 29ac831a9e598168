package udp

import (
	"math/rand/v2"
	"testing"
	"time"
)

// A flow is where the packets of a simulated reader come from.
type flow interface {
	// next returns when the next packet comes, later than after.
	next(after time.Duration) time.Duration
	// handled is told when the packet that was read next has been handled.
	handled(at time.Duration)
}

// A paced flow sends frames of so many packets, spacing apart from each other, and
// looks at the clock only each tick, with some jitter.
type paced struct {
	frame          int
	interval, tick time.Duration
	spacing        time.Duration
	sent           int
	rand           *rand.Rand
}

func (p *paced) next(after time.Duration) time.Duration {
	due := time.Duration(p.sent/p.frame) * p.interval
	if p.tick > 0 {
		due = (due + p.tick - 1) / p.tick * p.tick
	}
	p.sent++
	return max(due+time.Duration(p.rand.Int64N(int64(50*time.Microsecond))), after+p.spacing)
}

func (p *paced) handled(time.Duration) {}

// A closed flow has no more than window packets on the way to the reader and the
// word of their arrival on the way back, which takes delay.
type closed struct {
	window int
	delay  time.Duration
	sent   int
	done   []time.Duration
}

const closedSpacing = 6 * time.Microsecond

func (c *closed) next(after time.Duration) time.Duration {
	at := after + closedSpacing
	if k := c.sent - c.window; k >= 0 {
		if k >= len(c.done) {
			return never
		}
		at = max(at, c.done[k]+c.delay)
	}
	c.sent++
	return at
}

func (c *closed) handled(at time.Duration) { c.done = append(c.done, at) }

const never = time.Duration(1 << 62)

// outcome is what became of a flow.
type outcome struct {
	packets, wakeups int
	longest          time.Duration // that a packet waited
}

// simulate reads a flow for a while.
func simulate(f flow, limit, length time.Duration) (o outcome) {
	const (
		waking   = 10 * time.Microsecond // from an arrival until the reader runs
		handling = time.Microsecond
		late     = 70 * time.Microsecond // that timers are
	)
	m, start := Moderator{Limit: limit}, time.Unix(1000, 0)
	var now, last time.Duration
	var queue []time.Duration // of arrivals
	coming := f.next(0)
	fill := func() {
		if coming == never {
			coming = f.next(last)
		}
		for coming <= now {
			queue, last = append(queue, coming), coming
			coming = f.next(coming)
		}
	}
	batch := make([]Datagram, MaxLent)
	for now < length {
		if fill(); len(queue) == 0 {
			now = coming + waking
			o.wakeups++
			fill()
		}
		read := now
		n := min(len(queue), len(batch))
		for i, came := range queue[:n] {
			batch[i] = Datagram{N: 1200, Age: max(read-came, 1)}
			o.longest = max(o.longest, read-came)
			now += handling
			f.handled(now)
			fill()
		}
		queue = queue[n:]
		o.packets += n
		if d := m.pause(start.Add(read), batch, n, 512<<10); d > 0 {
			now += d + late
			o.wakeups++
		}
	}
	return o
}

// A sender that waits until what it has sent is read is not slowed down, whatever it
// lets be on the way.
func TestModerationLeavesClosedLoopsAlone(t *testing.T) {
	for _, delay := range []time.Duration{5 * time.Microsecond, 60 * time.Microsecond} {
		for _, window := range []int{8, 64, 250, 1000} {
			free := simulate(&closed{window: window, delay: delay}, 0, 2*time.Second)
			held := simulate(&closed{window: window, delay: delay}, 2*time.Millisecond, 2*time.Second)
			if held.packets < free.packets*97/100 {
				t.Errorf("%d packets on the way, %v: %d packets, %d without moderation", window, delay, held.packets, free.packets)
			}
		}
	}
}

// A sender that does not wait is read in few goes, and nothing waits long.
func TestModerationGathers(t *testing.T) {
	us, ms := time.Microsecond, time.Millisecond
	for name, f := range map[string]paced{
		"20,000 a second in frames of 8":            {frame: 8, interval: 400 * us, spacing: 3 * us},
		"the same by a clock of a millisecond":      {frame: 8, interval: 400 * us, spacing: 3 * us, tick: ms},
		"the same by a clock of 2 ms":               {frame: 8, interval: 400 * us, spacing: 3 * us, tick: 2 * ms},
		"60,000 a second by a clock of 1 ms":        {frame: 8, interval: 133 * us, spacing: 3 * us, tick: ms},
		"5000 a second, evenly":                     {frame: 1, interval: 200 * us},
		"frames of 40, 60 a second, over some time": {frame: 40, interval: 16667 * us, spacing: 100 * us},
	} {
		f.rand = rand.New(rand.NewPCG(1, 2))
		const seconds = 2
		held := simulate(&f, 2*ms, seconds*time.Second)
		if held.wakeups > 600*seconds {
			t.Errorf("%s: woken %d times for %d packets, want 600 times a second at most", name, held.wakeups, held.packets)
		}
		if held.longest > 2200*us {
			t.Errorf("%s: a packet has waited for %v", name, held.longest)
		}
	}
}

// Once a sender no longer waits, the reader is held back again within a second.
func TestModerationComesBack(t *testing.T) {
	f := &changing{flow: &closed{window: 64, delay: 20 * time.Microsecond}, at: 5 * time.Second,
		then: &paced{frame: 8, interval: 400 * time.Microsecond, rand: rand.New(rand.NewPCG(1, 2))}}
	before := simulate(&closed{window: 64, delay: 20 * time.Microsecond}, 2*time.Millisecond, 5*time.Second)
	both := simulate(f, 2*time.Millisecond, 10*time.Second)
	// Without moderation the reader is woken six times for a frame.
	if n := both.wakeups - before.wakeups; n > 5*600+6*2500 {
		t.Errorf("%d wake-ups in the 5 seconds after a closed loop, want those of 1 second without moderation at most", n)
	}
}

// changing is one flow up to a time and another from then on.
type changing struct {
	flow
	at   time.Duration
	then *paced
}

func (c *changing) next(after time.Duration) time.Duration {
	if after < c.at {
		if at := c.flow.next(after); at < c.at || at == never {
			return at
		}
	}
	return max(c.at+c.then.next(after-c.at), after)
}
