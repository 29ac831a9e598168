package transceiver

import (
	"bytes"
	"container/heap"
	"encoding/binary"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/parleyrtc/webrtc/internal/codec"
)

// A link joins two sessions over a path that loses, delays, reorders and
// duplicates, in virtual time: all that happens is in a queue, in the order of
// its times.
type link struct {
	t     testing.TB
	now   time.Time
	rng   *rand.Rand
	queue events
	count int
	ends  [2]*end

	delay  time.Duration // one way
	jitter time.Duration // at most so much more, at random
	loss   float64
	twice  float64 // how many packets come twice
	cut    bool
}

type end struct {
	l         *link
	s         *Session
	peer      *end
	scheduled time.Time // of the earliest timeout in the queue
	sent      int
}

type event struct {
	at    time.Time
	order int
	do    func()
}

type events []event

func (e events) Len() int { return len(e) }
func (e events) Less(i, j int) bool {
	return e[i].at.Before(e[j].at) || e[i].at.Equal(e[j].at) && e[i].order < e[j].order
}
func (e events) Swap(i, j int) { e[i], e[j] = e[j], e[i] }
func (e *events) Push(x any)   { *e = append(*e, x.(event)) }
func (e *events) Pop() any {
	last := len(*e) - 1
	x := (*e)[last]
	*e = (*e)[:last]
	return x
}

func newLink(t testing.TB, seed uint64) *link {
	t.Helper()
	l := &link{t: t, now: sendEpoch, rng: rand.New(rand.NewPCG(seed, 99))}
	aSeal, aOpen, bSeal, bOpen := keyPairs(t)
	for i := range l.ends {
		e := &end{l: l}
		e.s = NewSession(SessionConfig{Send: e.send, CNAME: "end", Rand: l.rng.Uint32})
		l.ends[i] = e
	}
	l.ends[0].peer, l.ends[1].peer = l.ends[1], l.ends[0]
	l.ends[0].s.SetKeys(aSeal, aOpen)
	l.ends[1].s.SetKeys(bSeal, bOpen)
	return l
}

// after has f called in the time d.
func (l *link) after(d time.Duration, f func()) {
	l.count++
	heap.Push(&l.queue, event{l.now.Add(d), l.count, f})
}

// run lets the time d pass.
func (l *link) run(d time.Duration) {
	end := l.now.Add(d)
	l.schedule()
	for len(l.queue) > 0 && !l.queue[0].at.After(end) {
		e := heap.Pop(&l.queue).(event)
		l.now = e.at
		e.do()
		l.schedule()
	}
	l.now = end
}

func (l *link) schedule() {
	for _, e := range l.ends {
		e.schedule()
	}
}

// schedule puts the end's next timeout into the queue.
func (e *end) schedule() {
	next := e.s.NextTimeout()
	if next.IsZero() || !e.scheduled.IsZero() && !next.Before(e.scheduled) {
		return
	}
	e.scheduled = next
	e.l.after(max(next.Sub(e.l.now), 0), func() {
		if e.scheduled.Equal(next) {
			e.scheduled = time.Time{}
		}
		e.s.HandleTimeout(e.l.now)
	})
}

func (e *end) send(packets [][]byte) error {
	l := e.l
	for _, p := range packets {
		e.sent++
		times := 1
		if l.rng.Float64() < l.twice {
			times = 2
		}
		for range times {
			if l.cut || l.rng.Float64() < l.loss {
				continue
			}
			b := bytes.Clone(p)
			d := l.delay
			if l.jitter > 0 {
				d += time.Duration(l.rng.Int64N(int64(l.jitter)))
			}
			l.after(d, func() {
				if 192 <= b[1] && b[1] <= 223 {
					e.peer.s.HandleRTCP(l.now, b, 0)
				} else {
					e.peer.s.HandleRTP(l.now, b, 0)
				}
				e.peer.s.Flush(l.now)
			})
		}
	}
	return nil
}

// A talk is a stream of video over a link and what becomes of it.
type talk struct {
	l         *link
	stream    *SendStream
	ear       *ear
	read      bool // packets are pushed to the program; else nobody takes them
	sentAt    map[uint16]time.Time
	delays    []time.Duration // of the packets that came
	twice     int
	recovered int
	sequence  uint16
	timestamp uint32
}

// newTalk sends from one end to the other, which reads or does not.
func newTalk(l *link, read bool, c SendConfig, codecs ...codec.Codec) *talk {
	k := &talk{l: l, read: read, sentAt: map[uint16]time.Time{}, sequence: 65000}
	if codecs == nil {
		codecs = []codec.Codec{vp8, rtx}
	}
	c.Codecs = codecs
	k.stream = l.ends[0].s.NewSendStream(c, SendEvents{})
	k.ear = &ear{got: map[string][]got{}}
	came := map[uint16]bool{}
	k.ear.Receiver = NewReceiver(codec.Video, ReceiverConfig{
		OnTrack: func(t *Track) {
			if !read {
				return
			}
			t.OnPacket(func(p *Packet) {
				seq := binary.BigEndian.Uint16(p.Payload)
				if came[seq] {
					k.twice++
				}
				came[seq] = true
				if p.Recovered {
					k.recovered++
				}
				k.delays = append(k.delays, p.Arrival.Sub(k.sentAt[seq]))
			})
		},
	})
	l.ends[1].s.SetReceivers([]Reception{videoReception(k.ear, withCodecs(codecs...), withSources(Source{SSRC: c.SSRC, RTX: c.RTXSSRC}))})
	return k
}

// say sends a frame of n packets.
func (k *talk) say(n int) {
	k.timestamp += 3000
	for range n {
		k.sequence++
		k.sentAt[k.sequence] = k.l.now
		h := rtpHeaderOf(96, k.sequence, k.timestamp)
		payload := make([]byte, 1000)
		binary.BigEndian.PutUint16(payload, k.sequence)
		if _, err := k.stream.WriteRTP(k.l.now, h, payload); err != nil {
			k.l.t.Fatal(err)
		}
	}
}

// video sends 30 frames of n packets a second for the time d.
func (k *talk) video(d time.Duration, n int) {
	for at := time.Duration(0); at < d; at += time.Second / 30 {
		k.say(n)
		k.l.run(time.Second / 30)
	}
}

// within returns which part of the packets that were sent came within the time.
func (k *talk) within(d time.Duration) float64 {
	n := 0
	for _, delay := range k.delays {
		if delay <= d {
			n++
		}
	}
	return float64(n) / float64(len(k.sentAt))
}

func TestLinkRecoversFromLoss(t *testing.T) {
	for _, c := range []struct {
		name   string
		rtx    uint32
		codecs []codec.Codec
	}{
		{"with RTX", videoRTX, []codec.Codec{vp8, rtx}},
		{"with the same SSRC", 0, []codec.Codec{vp8}},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := newLink(t, 7)
			l.delay, l.loss = 50*ms, 0.1
			config := videoConfig()
			config.RTXSSRC = c.rtx
			k := newTalk(l, true, config, c.codecs...)
			k.video(60*time.Second, 8)
			k.l.loss = 0 // what comes last is noticed by what follows
			k.video(time.Second, 1)
			if part := k.within(500 * ms); part < 0.995 || k.twice > 0 {
				t.Errorf("%.4f of the packets came within half a second, %d came twice", part, k.twice)
			}
			t.Logf("%.5f within 500 ms, %.5f in all, %d packets sent, %d to repair", k.within(500*ms), k.within(time.Hour), l.ends[0].sent, k.recovered)
			s := k.ear.Stats()[0]
			if rate := float64(s.Lost) / float64(s.Lost+int64(s.Packets)); c.rtx != 0 && (rate < 0.08 || rate > 0.12) {
				t.Errorf("%.3f of the packets are reported lost: %+v", rate, s)
			}
			if rtt := l.ends[1].s.repairRTT(); rtt < 100*ms || rtt > 140*ms {
				t.Errorf("the round trip is taken for %v", rtt)
			}
		})
	}
}

// TestLinkRunsUnread shows that nothing depends on a reader.
func TestLinkRunsUnread(t *testing.T) {
	l := newLink(t, 8)
	l.delay, l.loss = 50*ms, 0.1
	k := newTalk(l, false, videoConfig())
	k.video(30*time.Second, 8)
	s := k.ear.Stats()[0]
	part := float64(s.Packets+s.Recovered) / float64(len(k.sentAt))
	if part < 0.995 || s.NACKs == 0 {
		t.Errorf("%.4f of the packets came: %+v", part, s)
	}
	if q := k.ear.Main().Stats(); q.Queued != defaultQueueLimit || q.Dropped == 0 {
		t.Errorf("the queue: %+v", q)
	}
	if s.SenderReports == 0 || s.SenderRTPTime == 0 {
		t.Errorf("sender reports: %+v", s)
	}
}

func TestLinkDeliversOnce(t *testing.T) {
	for _, c := range []struct {
		name          string
		jitter        time.Duration
		twice, loss   float64
		wantRecovered bool
	}{
		{"reordering", 8 * ms, 0, 0, false},
		{"duplication", 0, 0.3, 0, false},
		{"everything", 60 * ms, 0.3, 0.05, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := newLink(t, 9)
			l.delay, l.jitter, l.twice, l.loss = 20*ms, c.jitter, c.twice, c.loss
			k := newTalk(l, true, videoConfig())
			k.video(30*time.Second, 8)
			l.loss, l.jitter = 0, 0
			k.video(2*time.Second, 1)
			l.run(time.Second)
			if k.twice > 0 || k.within(time.Hour) < 0.999 {
				t.Errorf("%d packets came twice, %.4f came", k.twice, k.within(time.Hour))
			}
			if (k.recovered > 0) != c.wantRecovered {
				t.Errorf("%d packets were recovered", k.recovered)
			}
		})
	}
}

// TestLinkSurvives walks what may happen to a stream: its source begins anew, its
// numbers wrap (they begin at 65000), and it is cut off for three seconds.
func TestLinkSurvives(t *testing.T) {
	l := newLink(t, 10)
	l.delay = 30 * ms
	k := newTalk(l, true, videoConfig())
	k.video(3*time.Second, 10)
	l.run(time.Second)
	if k.within(100*ms) != 1 {
		t.Fatalf("%.4f came over the wrap", k.within(100*ms))
	}
	l.cut = true
	k.video(3*time.Second, 10)
	l.cut = false
	lost := len(k.sentAt) - len(k.delays)
	before := k.ear.Stats()[0]
	k.video(3*time.Second, 10)
	l.run(time.Second)
	if now := len(k.sentAt) - len(k.delays); now > lost || now < lost-2*maxStale {
		t.Errorf("%d packets are missing after an outage that cost %d", now, lost)
	}
	if s := k.ear.Stats()[0]; s.PLIs-before.PLIs == 0 || s.PLIs-before.PLIs > 5 || s.NACKs-before.NACKs > 20 {
		t.Errorf("the outage has led to %d PLIs and %d NACKs", s.PLIs-before.PLIs, s.NACKs-before.NACKs)
	}

	l.ends[1].s.SetReceivers([]Reception{videoReception(k.ear)})
	c := videoConfig()
	c.SSRC, c.RTXSSRC = 77, 78
	k.stream.Close(l.now)
	k.stream = l.ends[0].s.NewSendStream(c, SendEvents{})
	here := len(k.delays)
	k.video(time.Second, 10)
	l.run(time.Second)
	if n := len(k.delays) - here; n < 300 {
		t.Errorf("%d packets of the new SSRC came", n)
	}
	if got := k.ear.Main().SSRC(); got != 77 {
		t.Errorf("the track's SSRC is %d", got)
	}
	if k.twice > 0 {
		t.Errorf("%d packets came twice", k.twice)
	}
}

func TestLinkMeasuresTheRoundTrip(t *testing.T) {
	l := newLink(t, 11)
	l.delay = 40 * ms
	rrtr := vp8
	rrtr.Feedback = append(rrtr.Feedback[:len(rrtr.Feedback):len(rrtr.Feedback)], codec.Feedback{Type: "rrtr"})
	k := newTalk(l, true, videoConfig(), rrtr, rtx)
	k.video(10*time.Second, 3)
	for i, e := range l.ends {
		if rtt := e.s.RTT(); rtt < 80*ms || rtt > 82*ms {
			t.Errorf("end %d: round trip %v", i, rtt)
		}
	}
}
