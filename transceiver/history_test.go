package transceiver

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/pion/rtp"
)

// keep adds a packet with a payload of the given length.
func (h *history) keep(number int64, now time.Time, length int) {
	if e := h.add(number, now); e != nil {
		e.payload = NewPayload(make([]byte, length))
		h.counted(e)
	}
}

// check compares the counts with what is there.
func (h *history) check(t *testing.T) {
	t.Helper()
	count, bytes := 0, 0
	for i := range h.slots {
		if e := &h.slots[i]; e.used {
			count++
			bytes += e.size()
			if e.number < h.low || e.number > h.high || h.slot(e.number) != e {
				t.Fatalf("packet %d stands in the wrong place, %d to %d", e.number, h.low, h.high)
			}
		}
	}
	if count != h.count || bytes != h.bytes || count > historyPackets || len(h.slots) > historyPackets {
		t.Fatalf("%d packets of %d bytes are counted as %d of %d", count, bytes, h.count, h.bytes)
	}
}

func TestHistoryIsBounded(t *testing.T) {
	now := sendEpoch
	var h history
	for n := range int64(3 * historyPackets) {
		h.keep(100+n, now, 10)
	}
	h.check(t)
	if h.count != historyPackets || h.get(99+3*historyPackets) == nil || h.get(99+2*historyPackets) != nil || h.get(100+2*historyPackets) == nil {
		t.Errorf("%d packets", h.count)
	}

	h.clear()
	for n := range int64(400) {
		h.keep(n, now, 10000)
	}
	h.check(t)
	if h.bytes > historyBytes+10000 || h.bytes < historyBytes-20000 {
		t.Errorf("%d bytes are kept", h.bytes)
	}

	h.clear()
	for _, c := range []struct{ rtt, age time.Duration }{
		{0, historyAge}, {time.Millisecond, minHistoryAge}, {500 * time.Millisecond, 1500 * time.Millisecond}, {time.Minute, maxHistoryAge},
	} {
		if c.rtt != 0 {
			h.measured(c.rtt)
		}
		h.keep(1, now, 1)
		h.keep(2, now.Add(c.age/2), 1)
		h.expire(now.Add(c.age))
		if h.count != 2 {
			t.Errorf("RTT %v: a packet left early", c.rtt)
		}
		h.expire(now.Add(c.age + 1))
		if h.count != 1 || h.get(2) == nil {
			t.Errorf("RTT %v: a packet stayed too long", c.rtt)
		}
		h.expire(now.Add(2 * c.age))
		if h.count != 0 || h.bytes != 0 || h.get(2) != nil {
			t.Errorf("RTT %v: a packet stayed too long", c.rtt)
		}
	}
}

func TestHistoryTakesLatePackets(t *testing.T) {
	var h history
	for _, n := range []int64{1000, 1010, 1005, 990, 1031, 1010} {
		h.keep(n, sendEpoch, 1)
		h.check(t)
	}
	for _, n := range []uint16{990, 1000, 1005, 1010, 1031} {
		if h.get(n) == nil {
			t.Errorf("packet %d is not there", n)
		}
	}
	if h.get(1001) != nil {
		t.Error("a packet is there that was not sent")
	}
	h.keep(5, sendEpoch, 1)
	if h.get(5) != nil {
		t.Error("a packet was kept that is older than there is room for")
	}
	h.keep(1031+historyPackets, sendEpoch, 1)
	h.check(t)
	if h.count != 1 {
		t.Errorf("%d packets are there after a jump", h.count)
	}
	h.keep(1031+3*historyPackets/2, sendEpoch, 1)
	h.keep(1031+2*historyPackets, sendEpoch, 1)
	h.check(t)
	if h.count != 2 {
		t.Errorf("%d packets", h.count)
	}
}

func TestHistoryKeepsItsCounts(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var h history
	now, n := sendEpoch, int64(1<<16)
	for range 20000 {
		now = now.Add(time.Duration(r.IntN(3000)) * time.Microsecond)
		switch r.IntN(100) {
		case 0:
			n += r.Int64N(3 * historyPackets)
		case 1:
			h.get(uint16(n - r.Int64N(2000)))
		case 2:
			now = now.Add(historyAge)
		default:
			n++
		}
		h.keep(n-r.Int64N(1+r.Int64N(40)), now, r.IntN(3000))
	}
	h.check(t)
	h.free()
	if h.count != 0 || h.bytes != 0 {
		t.Errorf("%d packets are left", h.count)
	}
}

func TestHistoriesSharePayloads(t *testing.T) {
	w := newSendWorld(t)
	a, b := videoConfig(), videoConfig()
	b.SSRC, b.RTXSSRC = 5, 6
	one, other := w.s.NewSendStream(a, SendEvents{}), w.s.NewSendStream(b, SendEvents{})
	p := NewPayload([]byte("shared"))
	for _, st := range []*SendStream{one, other} {
		if err := st.WriteBurst(w.now, []rtp.Header{*rtpHeaderOf(96, 1, 0)}, []*Payload{p}); err != nil {
			t.Fatal(err)
		}
	}
	if n := p.refs.Load(); n != 3 {
		t.Errorf("%d users, want three", n)
	}
	p.Release()
	one.Close(w.now)
	if n := p.refs.Load(); n != 1 {
		t.Errorf("%d users, want one", n)
	}
	before := len(w.rtp)
	w.feed(nackOf(5, 1))
	if len(w.rtp) != before+1 {
		t.Fatal("the other stream does not resend")
	} else if _, payload := w.rtp[before].original(); payload != "shared" {
		t.Errorf("it resends %q", payload)
	}
	w.after(historyAge + time.Second)
	other.history.expire(w.now)
	if n := p.refs.Load(); n != 0 {
		t.Errorf("%d users are left", n)
	}
}

func TestPayloadsAreReleasedOnce(t *testing.T) {
	source := []byte("bytes")
	p := NewPayload(source)
	source[0] = 'X'
	if string(p.Bytes()) != "bytes" {
		t.Errorf("the payload changed with its source: %q", p.Bytes())
	}
	p.Release()
	big := NewPayload(make([]byte, payloadSizes[len(payloadSizes)-1]+1))
	big.Release()
	defer func() {
		if recover() == nil {
			t.Error("a payload was released twice")
		}
	}()
	big.Release()
}

// What is kept of a packet takes little more than the packet.
func TestPayloadsFitTheirBytes(t *testing.T) {
	for n, want := range map[int]int{0: 192, 100: 192, 192: 192, 193: 512, 1160: 1536, 1536: 1536, 1537: 8192} {
		p := NewPayload(make([]byte, n))
		if cap(p.b) != want || len(p.b) != n {
			t.Errorf("%d bytes are kept as %d in a room of %d, want %d", n, len(p.b), cap(p.b), want)
		}
		p.Release()
	}
}
