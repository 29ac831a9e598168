package ice

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pion/stun/v4"
)

var (
	stunServer1 = netip.MustParseAddrPort("192.0.2.1:3478")
	stunServer2 = netip.MustParseAddrPort("192.0.2.2:3478")
)

func newTestSTUNClient() *stunClient {
	return &stunClient{rto: 500 * time.Millisecond, limit: time.Minute, ta: 50 * time.Millisecond, rand: rand.Reader}
}

// sent takes what the client has to send.
func (c *stunClient) sent() (out []Transmit) {
	for t, ok := c.poll(); ok; t, ok = c.poll() {
		out = append(out, t)
	}
	return out
}

// run advances virtual time from one deadline to the next until until, and
// returns when datagrams were sent, as times since epoch.
func (c *stunClient) run(until time.Duration) (at []time.Duration) {
	for next := c.nextTimeout(); !next.IsZero() && next.Sub(epoch) <= until; next = c.nextTimeout() {
		c.handleTimeout(next)
		for range c.sent() {
			at = append(at, next.Sub(epoch))
		}
	}
	return at
}

func seconds(s ...float64) (out []time.Duration) {
	for _, x := range s {
		out = append(out, time.Duration(x*float64(time.Second)))
	}
	return out
}

// answer builds a response to a request.
func answer(request []byte, setters ...stun.Setter) []byte {
	m := &stun.Message{Raw: slices.Clone(request)}
	if err := m.Decode(); err != nil {
		panic(err)
	}
	all := append([]stun.Setter{stun.NewTransactionIDSetter(m.TransactionID), stun.BindingSuccess}, setters...)
	return stun.MustBuild(all...).Raw
}

func xorMapped(addr string) stun.Setter {
	a := netip.MustParseAddrPort(addr)
	return &stun.XORMappedAddress{IP: net.IP(a.Addr().AsSlice()), Port: int(a.Port())}
}

func plainMapped(addr string) stun.Setter {
	a := netip.MustParseAddrPort(addr)
	return &stun.MappedAddress{IP: net.IP(a.Addr().AsSlice()), Port: int(a.Port())}
}

func TestSTUNRequestIsABindingRequest(t *testing.T) {
	c := newTestSTUNClient()
	c.start(epoch, 7, stunServer1, nil)
	out := c.sent()
	if len(out) != 1 || out[0].Base != 7 || out[0].To != stunServer1 {
		t.Fatalf("sent %+v", out)
	}
	m := &stun.Message{Raw: out[0].Data}
	if err := m.Decode(); err != nil || m.Type != stun.BindingRequest || len(m.Attributes) != 0 {
		t.Fatalf("request %v: %v", m, err)
	}
}

// RFC 8489 §6.2.1: "assuming an RTO of 500ms, requests would be sent at times 0
// ms, 500 ms, 1500 ms, 3500 ms, 7500 ms, 15500 ms, and 31500 ms. If the client
// has not received a response after 39500 ms, the client will consider the
// transaction to have timed out."
func TestSTUNRetransmissionTimes(t *testing.T) {
	c := newTestSTUNClient()
	c.start(epoch, 1, stunServer1, nil)
	c.sent()
	got := c.run(39499 * time.Millisecond)
	if want := seconds(.5, 1.5, 3.5, 7.5, 15.5, 31.5); !slices.Equal(got, want) {
		t.Errorf("retransmitted at %v, want %v", got, want)
	}
	if _, ok := c.takeResult(); ok {
		t.Error("given up before 39.5 s")
	}
	c.run(39500 * time.Millisecond)
	r, ok := c.takeResult()
	if !ok || r.err != errSTUNTimeout || r.code != 0 || !c.nextTimeout().IsZero() {
		t.Errorf("at 39.5 s: %+v %v, next %v", r, ok, c.nextTimeout())
	}
}

func TestSTUNLimitEndsTheTransactionEarly(t *testing.T) {
	c := newTestSTUNClient()
	c.limit = 5 * time.Second
	c.start(epoch, 1, stunServer1, nil)
	c.sent()
	got := c.run(5 * time.Second)
	if want := seconds(.5, 1.5, 3.5); !slices.Equal(got, want) {
		t.Errorf("retransmitted at %v, want %v", got, want)
	}
	if r, ok := c.takeResult(); !ok || r.err != errSTUNTimeout {
		t.Errorf("at the limit: %+v, %v", r, ok)
	}
}

// RFC 8445 §14.2: one new transaction every Ta; §14.3: the RTO grows with their
// number.
func TestSTUNPacing(t *testing.T) {
	c := newTestSTUNClient()
	sent := map[int][]time.Duration{}
	note := func(at time.Duration) {
		for _, tr := range c.sent() {
			sent[tr.Base] = append(sent[tr.Base], at)
		}
	}
	for i := range 20 {
		c.start(epoch, i, stunServer1, nil)
	}
	note(0)
	for at := time.Duration(0); at < 3*time.Second; at = c.nextTimeout().Sub(epoch) {
		c.handleTimeout(epoch.Add(at))
		note(at)
	}
	for i := range 20 {
		start := time.Duration(i) * 50 * time.Millisecond
		// The first knew of no others; each other one shares the pace with all.
		rto := 20 * 50 * time.Millisecond
		if i == 0 {
			rto = 500 * time.Millisecond
		}
		if len(sent[i]) < 2 || sent[i][0] != start || sent[i][1] != start+rto {
			t.Errorf("request %d sent at %v, want %v and %v", i, sent[i], start, start+rto)
		}
	}
}

func TestSTUNAnswers(t *testing.T) {
	long := strings.Repeat("x", 300)
	for name, test := range map[string]struct {
		setters []stun.Setter
		mapped  string // "" for none
		code    uint16
		says    string
		ignored bool
	}{
		"xor":            {setters: []stun.Setter{xorMapped("203.0.113.1:4000")}, mapped: "203.0.113.1:4000"},
		"xor IPv6":       {setters: []stun.Setter{xorMapped("[2001:db8::5]:4000")}, mapped: "[2001:db8::5]:4000"},
		"RFC 3489":       {setters: []stun.Setter{plainMapped("203.0.113.1:4000")}, mapped: "203.0.113.1:4000"},
		"both":           {setters: []stun.Setter{plainMapped("10.0.0.1:1"), xorMapped("203.0.113.1:4000")}, mapped: "203.0.113.1:4000"},
		"fingerprint":    {setters: []stun.Setter{xorMapped("203.0.113.1:4000"), stun.Fingerprint}, mapped: "203.0.113.1:4000"},
		"software":       {setters: []stun.Setter{xorMapped("203.0.113.1:4000"), stun.NewSoftware("server")}, mapped: "203.0.113.1:4000"},
		"old attribute":  {setters: []stun.Setter{xorMapped("203.0.113.1:4000"), stun.RawAttribute{Type: stun.AttrChangedAddress, Value: make([]byte, 8)}}, mapped: "203.0.113.1:4000"},
		"no address":     {says: "no usable mapped address"},
		"port 0":         {setters: []stun.Setter{xorMapped("203.0.113.1:0")}, says: "no usable mapped address"},
		"unspecified":    {setters: []stun.Setter{xorMapped("0.0.0.0:1")}, says: "no usable mapped address"},
		"multicast":      {setters: []stun.Setter{xorMapped("224.0.0.1:1")}, says: "no usable mapped address"},
		"unknown needed": {setters: []stun.Setter{xorMapped("203.0.113.1:4000"), stun.RawAttribute{Type: 0x7abc}}, says: "0x7abc"},
		"error":          {setters: []stun.Setter{stun.BindingError, stun.ErrorCodeAttribute{Code: 420, Reason: []byte("Unknown\x00\nAttribute\xff")}}, code: 420, says: "UnknownAttribute"},
		"long reason":    {setters: []stun.Setter{stun.BindingError, stun.ErrorCodeAttribute{Code: 500, Reason: []byte(long)}}, code: 500, says: long[:128]},
		"error w/o code": {setters: []stun.Setter{stun.BindingError}, ignored: true},
		"silly code":     {setters: []stun.Setter{stun.BindingError, stun.ErrorCodeAttribute{Code: 200}}, ignored: true},
		"request":        {setters: []stun.Setter{stun.BindingRequest}, ignored: true},
		"indication":     {setters: []stun.Setter{stun.NewType(stun.MethodBinding, stun.ClassIndication)}, ignored: true},
		"other method":   {setters: []stun.Setter{stun.NewType(stun.MethodAllocate, stun.ClassSuccessResponse), xorMapped("203.0.113.1:4000")}, ignored: true},
	} {
		c := newTestSTUNClient()
		tx := c.start(epoch, 1, stunServer1, nil)
		p := answer(c.sent()[0].Data, test.setters...)
		if !c.handlePacket(1, stunServer1, p) {
			t.Errorf("%s: not taken as an answer", name)
			continue
		}
		r, ok := c.takeResult()
		if test.ignored {
			if ok || c.dropped != 1 || len(c.active) != 1 {
				t.Errorf("%s: not ignored: %+v", name, r)
			}
			continue
		}
		if !ok || r.transaction != tx || len(c.active) != 0 {
			t.Errorf("%s: no result", name)
			continue
		}
		mapped := ""
		if r.mapped.IsValid() {
			mapped = r.mapped.String()
		}
		if mapped != test.mapped || r.code != test.code || (r.err == nil) != (test.says == "") {
			t.Errorf("%s: %+v", name, r)
		} else if r.err != nil && !strings.Contains(r.err.Error(), test.says) {
			t.Errorf("%s: %v, want %q", name, r.err, test.says)
		}
	}
}

// Answers from elsewhere are neither believed nor an end: the true one may
// still come.
func TestSTUNForgedAnswers(t *testing.T) {
	c := newTestSTUNClient()
	c.start(epoch, 1, stunServer1, nil)
	request := c.sent()[0].Data
	good := answer(request, xorMapped("203.0.113.1:4000"))
	if !c.handlePacket(1, stunServer2, good) || !c.handlePacket(2, stunServer1, good) {
		t.Error("an answer with our ID was left to the agent")
	}
	broken := answer(request, xorMapped("203.0.113.1:4000"), stun.Fingerprint)
	broken[len(broken)-1] ^= 1
	c.handlePacket(1, stunServer1, broken)
	c.handlePacket(1, stunServer1, good[:len(good)-4])
	if r, ok := c.takeResult(); ok || c.dropped != 4 {
		t.Fatalf("a forged answer was believed: %+v, dropped %d", r, c.dropped)
	}
	if !c.handlePacket(1, netip.MustParseAddrPort("[::ffff:192.0.2.1]:3478"), good) {
		t.Error("the true answer was not taken")
	}
	if r, ok := c.takeResult(); !ok || r.mapped.String() != "203.0.113.1:4000" {
		t.Errorf("result %+v", r)
	}
	// The transaction is over: the same answer again is nobody's.
	if c.handlePacket(1, stunServer1, good) {
		t.Error("a replayed answer was taken")
	}
}

func TestSTUNLeavesOtherPacketsAlone(t *testing.T) {
	c := newTestSTUNClient()
	c.start(epoch, 1, stunServer1, nil)
	request := c.sent()[0].Data
	check := bindingRequest(transactionID{1, 2, 3})
	noCookie := answer(request, xorMapped("203.0.113.1:4000"))
	binary.BigEndian.PutUint32(noCookie[4:], 1)
	for _, p := range [][]byte{nil, {0, 1}, check, bytes.Repeat([]byte{0xff}, 100), noCookie} {
		if c.handlePacket(1, stunServer1, p) {
			t.Errorf("%x was taken", p)
		}
	}
	if c.dropped != 0 {
		t.Errorf("dropped %d", c.dropped)
	}
}

// Nothing is written behind a packet, where a batch's next one may stand.
func TestSTUNDoesNotWriteBehindThePacket(t *testing.T) {
	c := newTestSTUNClient()
	c.start(epoch, 1, stunServer1, nil)
	p := answer(c.sent()[0].Data, xorMapped("203.0.113.1:4000"), stun.Fingerprint)
	buf := append(slices.Clone(p), bytes.Repeat([]byte{0xee}, 64)...)
	c.handlePacket(1, stunServer1, buf[:len(p)])
	if !bytes.Equal(buf[len(p):], bytes.Repeat([]byte{0xee}, 64)) {
		t.Error("bytes behind the packet changed")
	}
}

func TestSTUNCancelAndFail(t *testing.T) {
	c := newTestSTUNClient()
	c.start(epoch, 1, stunServer1, nil)
	c.start(epoch, 2, stunServer1, nil)
	c.cancel(func(t *stunTransaction) bool { return t.base == 2 })
	c.sent()
	if got := c.run(100 * time.Millisecond); len(got) != 0 {
		t.Errorf("a cancelled request was sent at %v", got)
	}
	c.fail(1, stunServer1, net.ErrClosed)
	if r, ok := c.takeResult(); !ok || r.err != net.ErrClosed || !c.nextTimeout().IsZero() {
		t.Errorf("failed request: %+v %v, next %v", r, ok, c.nextTimeout())
	}
}

func TestSTUNWithoutRandomness(t *testing.T) {
	c := newTestSTUNClient()
	c.rand = bytes.NewReader(nil)
	c.start(epoch, 1, stunServer1, nil)
	if r, ok := c.takeResult(); !ok || r.err == nil || len(c.sent()) != 0 {
		t.Errorf("%+v %v", r, ok)
	}
}

func FuzzSTUNClientAnswer(f *testing.F) {
	id := transactionID{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}
	request := bindingRequest(id)
	f.Add(answer(request, xorMapped("203.0.113.1:4000"), stun.Fingerprint))
	f.Add(answer(request, plainMapped("203.0.113.1:4000")))
	f.Add(answer(request, stun.BindingError, stun.ErrorCodeAttribute{Code: 420, Reason: []byte("no")}))
	f.Fuzz(func(t *testing.T, p []byte) {
		c := newTestSTUNClient()
		c.rand = bytes.NewReader(id[:])
		c.start(epoch, 1, stunServer1, nil)
		before := slices.Clone(p)
		c.handlePacket(1, stunServer1, p)
		if !bytes.Equal(before, p) {
			t.Error("the packet was changed")
		}
		if r, ok := c.takeResult(); ok && !r.mapped.IsValid() && r.err == nil {
			t.Errorf("a result that says nothing: %+v", r)
		}
	})
}
