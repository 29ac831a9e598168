package ice

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

const testName = "0f4e1a0c-7a4b-4b0c-93b2-5a1b7e5a2f43.local"

var responder = netip.MustParseAddrPort("192.0.2.7:5353")

func newTestResolver() *mdnsResolver { return &mdnsResolver{limit: 5 * time.Second} }

func namedCandidate(t testing.TB, name string) Candidate {
	t.Helper()
	c, err := NewCandidateHost(&CandidateHostConfig{Network: "udp", Address: name, Port: 6000})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// mdnsResponse builds a response with one record for each address, and lets
// change edit it before it is packed.
func mdnsResponse(name string, ttl uint32, addrs []string, change ...func(*dnsmessage.Message)) []byte {
	m := dnsmessage.Message{Header: dnsmessage.Header{Response: true, Authoritative: true}}
	for _, a := range addrs {
		// The cache-flush bit is set as responders do (RFC 6762 §10.2).
		h := dnsmessage.ResourceHeader{Name: dnsmessage.MustNewName(name + "."), Class: dnsmessage.ClassINET | 1<<15, TTL: ttl}
		ip := netip.MustParseAddr(a)
		if ip.Is4() {
			m.Answers = append(m.Answers, dnsmessage.Resource{Header: h, Body: &dnsmessage.AResource{A: ip.As4()}})
		} else {
			m.Answers = append(m.Answers, dnsmessage.Resource{Header: h, Body: &dnsmessage.AAAAResource{AAAA: ip.As16()}})
		}
	}
	for _, c := range change {
		c(&m)
	}
	p, err := m.Pack()
	if err != nil {
		panic(err)
	}
	return p
}

// take returns the questions that are to be sent and the results, both cleared.
func (r *mdnsResolver) take() (questions int, results []Resolved) {
	questions, results = len(r.out), r.results
	r.out, r.results = nil, nil
	return questions, results
}

func TestMDNSQuestion(t *testing.T) {
	r := newTestResolver()
	r.resolve(epoch, namedCandidate(t, testName))
	if len(r.out) != 1 {
		t.Fatalf("%d packets", len(r.out))
	}
	var m dnsmessage.Message
	if err := m.Unpack(r.out[0]); err != nil {
		t.Fatal(err)
	}
	if m.ID != 0 || m.Response || len(m.Questions) != 2 || len(m.Answers) != 0 {
		t.Fatalf("query %+v", m)
	}
	for i, typ := range []dnsmessage.Type{dnsmessage.TypeA, dnsmessage.TypeAAAA} {
		if q := m.Questions[i]; q.Type != typ || q.Class != dnsmessage.ClassINET || q.Name.String() != testName+"." {
			t.Errorf("question %d: %+v", i, q)
		}
	}
}

func TestMDNSAnswer(t *testing.T) {
	for _, addr := range []string{"192.0.2.7", "2001:db8::7"} {
		r := newTestResolver()
		r.resolve(epoch, namedCandidate(t, strings.ToUpper(testName[:8])+testName[8:]))
		r.take()
		// Names are compared without regard to case (RFC 6762 §16).
		r.handlePacket(epoch, responder, mdnsResponse(strings.ToUpper(testName), 120, []string{addr}))
		_, results := r.take()
		if len(results) != 1 || results[0].Err != nil || results[0].Candidate.Addr().Addr().String() != addr || results[0].Candidate.Port() != 6000 {
			t.Fatalf("%s: %+v", addr, results)
		}
		if !r.idle() || !r.nextTimeout().IsZero() {
			t.Error("the query lives on")
		}
		// The next candidate with this name is answered from the cache, for the
		// record's time to live.
		r.resolve(epoch.Add(119*time.Second), namedCandidate(t, testName))
		if n, results := r.take(); n != 0 || len(results) != 1 || results[0].Err != nil {
			t.Errorf("from the cache: %d questions, %+v", n, results)
		}
		r.resolve(epoch.Add(120*time.Second), namedCandidate(t, testName))
		if n, results := r.take(); n != 1 || len(results) != 0 {
			t.Errorf("after the time to live: %d questions, %+v", n, results)
		}
	}
}

func TestMDNSRetriesAndGivesUp(t *testing.T) {
	r := newTestResolver()
	r.resolve(epoch, namedCandidate(t, testName))
	at := []time.Duration{0}
	r.take()
	for next := r.nextTimeout(); !next.IsZero(); next = r.nextTimeout() {
		r.handleTimeout(next)
		n, results := r.take()
		for range n {
			at = append(at, next.Sub(epoch))
		}
		if len(results) > 0 && (next.Sub(epoch) != 5*time.Second || !errors.Is(results[0].Err, errMDNSTimeout)) {
			t.Errorf("at %v: %v", next.Sub(epoch), results[0].Err)
		}
	}
	if want := seconds(0, 1, 2, 3, 4); !slices.Equal(at, want) {
		t.Errorf("asked at %v, want %v", at, want)
	}
}

func TestMDNSRefusesOtherNames(t *testing.T) {
	for _, name := range []string{"host.example.com", "a.b.local", "local", "printer.locals"} {
		r := newTestResolver()
		r.resolve(epoch, namedCandidate(t, name))
		if n, results := r.take(); n != 0 || len(results) != 1 || results[0].Err == nil {
			t.Errorf("%s: %d questions, %+v", name, n, results)
		}
	}
	r := newTestResolver()
	r.resolve(epoch, namedCandidate(t, "192.0.2.1"))
	if _, results := r.take(); len(results) != 1 || results[0].Err == nil {
		t.Errorf("an address was resolved: %+v", results)
	}
}

// What is no answer to our question changes nothing.
func TestMDNSForgeries(t *testing.T) {
	good := []string{"192.0.2.7"}
	elsewhere := netip.MustParseAddrPort("192.0.2.7:5354")
	for name, test := range map[string]struct {
		from netip.AddrPort
		p    []byte
	}{
		"not from port 5353": {elsewhere, mdnsResponse(testName, 120, good)},
		"another name":       {responder, mdnsResponse("other.local", 120, good)},
		"a longer name":      {responder, mdnsResponse("x."+testName, 120, good)},
		"a query":            {responder, mdnsResponse(testName, 120, good, func(m *dnsmessage.Message) { m.Response = false })},
		"another opcode":     {responder, mdnsResponse(testName, 120, good, func(m *dnsmessage.Message) { m.OpCode = 5 })},
		"an error code":      {responder, mdnsResponse(testName, 120, good, func(m *dnsmessage.Message) { m.RCode = 3 })},
		"another class":      {responder, mdnsResponse(testName, 120, good, func(m *dnsmessage.Message) { m.Answers[0].Header.Class = dnsmessage.ClassCHAOS })},
		"multicast":          {responder, mdnsResponse(testName, 120, []string{"224.0.0.251"})},
		"broadcast":          {responder, mdnsResponse(testName, 120, []string{"255.255.255.255"})},
		"unspecified":        {responder, mdnsResponse(testName, 120, []string{"::"})},
		"time to live 0":     {responder, mdnsResponse(testName, 0, good)},
		"cut":                {responder, mdnsResponse(testName, 120, good)[:40]},
		"empty":              {responder, nil},
		"in the wrong section": {responder, mdnsResponse(testName, 120, good, func(m *dnsmessage.Message) {
			m.Additionals, m.Answers = m.Answers, nil
		})},
	} {
		r := newTestResolver()
		r.resolve(epoch, namedCandidate(t, testName))
		r.take()
		r.handlePacket(epoch, test.from, test.p)
		if _, results := r.take(); len(results) != 0 || len(r.asking) != 1 || len(r.cache) != 0 {
			t.Errorf("%s: %+v, cache %v", name, results, r.cache)
		}
	}
	// An answer nobody asked for is not remembered.
	r := newTestResolver()
	r.handlePacket(epoch, responder, mdnsResponse(testName, 120, good))
	if len(r.cache) != 0 {
		t.Error("an unasked answer is in the cache")
	}
}

// Other records around the answer do not hide it.
func TestMDNSAnswerAmongOthers(t *testing.T) {
	r := newTestResolver()
	r.resolve(epoch, namedCandidate(t, testName))
	r.take()
	r.handlePacket(epoch, responder, mdnsResponse(testName, 120, []string{"ff02::1", "192.0.2.7", "192.0.2.8"}, func(m *dnsmessage.Message) {
		txt := dnsmessage.Resource{
			Header: dnsmessage.ResourceHeader{Name: dnsmessage.MustNewName("x.local."), Class: dnsmessage.ClassINET, TTL: 1},
			Body:   &dnsmessage.TXTResource{TXT: []string{"y"}},
		}
		m.Answers = append([]dnsmessage.Resource{txt}, m.Answers...)
	}))
	if _, results := r.take(); len(results) != 1 || results[0].Candidate.Addr().Addr().String() != "192.0.2.7" {
		t.Errorf("%+v", results)
	}
	// A link-local address is the last choice, and a choice.
	for _, test := range []struct {
		addrs []string
		want  string
	}{{[]string{"fe80::7", "192.0.2.7"}, "192.0.2.7"}, {[]string{"fe80::7"}, "fe80::7"}} {
		r := newTestResolver()
		r.resolve(epoch, namedCandidate(t, testName))
		r.handlePacket(epoch, responder, mdnsResponse(testName, 120, test.addrs))
		if _, results := r.take(); len(results) != 1 || results[0].Candidate.Addr().Addr().String() != test.want {
			t.Errorf("%v: %+v", test.addrs, results)
		}
	}
}

// RFC 6762 §10.1: a goodbye takes the answer out of the cache.
func TestMDNSGoodbye(t *testing.T) {
	r := newTestResolver()
	r.resolve(epoch, namedCandidate(t, testName))
	r.handlePacket(epoch, responder, mdnsResponse(testName, 120, []string{"192.0.2.7"}))
	r.handlePacket(epoch, responder, mdnsResponse(testName, 0, []string{"192.0.2.7"}))
	r.take()
	r.resolve(epoch, namedCandidate(t, testName))
	if n, _ := r.take(); n != 1 {
		t.Error("answered from the cache after a goodbye")
	}
}

// A peer that signals ten thousand names gets at most 16 of them asked for at a
// time, and an answer for each.
func TestMDNSFlood(t *testing.T) {
	r := newTestResolver()
	const names = 10_000
	for i := range names {
		r.resolve(epoch, namedCandidate(t, fmt.Sprintf("name-%d.local", i)))
	}
	questions, results := r.take()
	if questions != maxMDNSQueries || len(r.asking) != maxMDNSQueries || len(r.waiting) != maxMDNSWaiting {
		t.Errorf("%d questions, %d asking, %d waiting", questions, len(r.asking), len(r.waiting))
	}
	answers := len(results)
	for _, res := range results {
		if !errors.Is(res.Err, errMDNSFlood) {
			t.Fatal(res.Err)
		}
	}
	for next := r.nextTimeout(); !next.IsZero(); next = r.nextTimeout() {
		r.handleTimeout(next)
		n, results := r.take()
		answers += len(results)
		if n > maxMDNSQueries {
			t.Fatalf("%d questions at once", n)
		}
	}
	if answers != names {
		t.Errorf("%d answers for %d names", answers, names)
	}
	// The same name a thousand times is one question, and bounded too.
	for range 1000 {
		r.resolve(epoch, namedCandidate(t, testName))
	}
	if n, results := r.take(); n != 1 || len(results) != 1000-maxMDNSCandidates {
		t.Errorf("one name: %d questions, %d refused", n, len(results))
	}
}

func TestMDNSCacheIsBounded(t *testing.T) {
	r := newTestResolver()
	for i := range 3 * maxMDNSCache {
		name := fmt.Sprintf("name-%d.local", i)
		r.resolve(epoch, namedCandidate(t, name))
		r.handlePacket(epoch, responder, mdnsResponse(name, 4_000_000_000, []string{"192.0.2.7"}))
	}
	if _, results := r.take(); len(results) != 3*maxMDNSCache || len(r.cache) > maxMDNSCache {
		t.Errorf("%d results, %d in the cache", len(results), len(r.cache))
	}
	for _, a := range r.cache {
		if a.expires.Sub(epoch) > mdnsMaxTTL {
			t.Fatalf("an answer is believed for %v", a.expires.Sub(epoch))
		}
	}
}

func TestMDNSFailAll(t *testing.T) {
	r := newTestResolver()
	for i := range maxMDNSQueries + 2 {
		r.resolve(epoch, namedCandidate(t, fmt.Sprintf("name-%d.local", i)))
	}
	if got := len(r.questions()); got != maxMDNSQueries {
		t.Errorf("%d questions for a new socket", got)
	}
	r.failAll(errMDNSNoLink)
	if _, results := r.take(); len(results) != maxMDNSQueries+2 || !errors.Is(results[0].Err, errMDNSNoLink) || !r.idle() {
		t.Errorf("%d results", len(results))
	}
}

func FuzzMDNSPacket(f *testing.F) {
	f.Add(mdnsResponse(testName, 120, []string{"192.0.2.7", "2001:db8::7"}))
	f.Add(mdnsResponse("other.local", 0, []string{"192.0.2.7"}))
	f.Add([]byte{0, 0, 0x84, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0xc0, 0x0c})
	f.Fuzz(func(t *testing.T, p []byte) {
		r := newTestResolver()
		r.resolve(epoch, namedCandidate(t, testName))
		r.handlePacket(epoch, responder, p)
		_, results := r.take()
		if len(results) > 1 || len(r.cache) > 1 {
			t.Fatalf("%d results, %d in the cache, for one name", len(results), len(r.cache))
		}
		for _, res := range results {
			if a := res.Candidate.Addr().Addr(); res.Err != nil || !a.IsValid() || a.IsMulticast() || a.IsUnspecified() {
				t.Fatalf("%+v", res)
			}
		}
	})
}
