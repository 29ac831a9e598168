package ice

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// aResponder answers for names in a test's time.
type aResponder struct {
	t *testing.T
	mdnsResponder
	now time.Time
}

const aLink = 3

func newResponder(t *testing.T) *aResponder { return &aResponder{t: t, now: epoch} }

// claim makes a name stand for an address on aLink.
func (r *aResponder) claim(name, addr string) *ownName {
	return r.add(r.now, name, netip.MustParseAddr(addr), aLink, false)
}

// after lets d pass.
func (r *aResponder) after(d time.Duration) {
	for end := r.now.Add(d); ; {
		next := r.nextTimeout()
		if next.IsZero() || next.After(end) {
			r.now = end
			return
		}
		r.now = next
		r.handleTimeout(r.now)
	}
}

// query is a question from the multicast port of a host on the link.
func (r *aResponder) query(name string, types ...dnsmessage.Type) {
	m := dnsmessage.Message{}
	for _, t := range types {
		m.Questions = append(m.Questions, dnsmessage.Question{Name: dnsmessage.MustNewName(name + "."), Type: t, Class: dnsmessage.ClassINET})
	}
	r.hears("192.0.2.7:5353", m)
}

func (r *aResponder) hears(from string, m dnsmessage.Message) {
	p, err := m.Pack()
	if err != nil {
		r.t.Fatal(err)
	}
	r.handlePacket(r.now, aLink, netip.MustParseAddrPort(from), p)
}

// says checks what was sent since the last call: for each packet where it goes,
// whether it is a query, and its records.
func (r *aResponder) says(want ...string) {
	r.t.Helper()
	var got []string
	for _, p := range r.out {
		got = append(got, describe(r.t, p))
	}
	r.out = nil
	if !slices.Equal(got, want) {
		r.t.Errorf("it says\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

func describe(t *testing.T, p mdnsPacket) string {
	var m dnsmessage.Message
	if err := m.Unpack(p.data); err != nil {
		t.Fatal(err)
	}
	var out []string
	switch {
	case p.to.IsValid():
		out = append(out, p.to.String())
	case p.v4 && p.v6:
		out = append(out, "all")
	case p.v4:
		out = append(out, "v4")
	case p.v6:
		out = append(out, "v6")
	}
	if !m.Response {
		out = append(out, "query")
	}
	for _, q := range m.Questions {
		out = append(out, "?"+strings.TrimPrefix(q.Type.String(), "Type"))
	}
	for _, record := range slices.Concat(m.Answers, m.Authorities, m.Additionals) {
		text := "NSEC"
		switch b := record.Body.(type) {
		case *dnsmessage.AResource:
			text = netip.AddrFrom4(b.A).String()
		case *dnsmessage.AAAAResource:
			text = netip.AddrFrom16(b.AAAA).String()
		}
		if record.Header.Class&mdnsCacheFlush != 0 {
			text += "!"
		}
		if record.Header.TTL != mdnsTTL {
			text += " for " + (time.Duration(record.Header.TTL) * time.Second).String()
		}
		out = append(out, text)
	}
	return strings.Join(out, " ")
}

func TestNameIsAnnouncedAndWithdrawn(t *testing.T) {
	r := newResponder(t)
	o := r.claim(testName, "192.0.2.1")
	if err := <-o.ready; err != nil {
		t.Fatal(err)
	}
	r.after(999 * time.Millisecond)
	r.says()
	r.after(time.Millisecond)
	r.says("all 192.0.2.1!")
	r.after(time.Hour)
	r.says("all 192.0.2.1!")
	if again := r.claim(strings.ToUpper(testName), "192.0.2.1"); again != o {
		t.Error("the same name twice is two names")
	}
	r.remove(o)
	r.says() // the other claim
	r.remove(o)
	r.says("all 192.0.2.1! for 0s")
	r.query(testName, dnsmessage.TypeA)
	r.says()
	if len(r.names) != 0 || !r.nextTimeout().IsZero() {
		t.Errorf("%v is kept", r.names)
	}
}

// A peer that asks at once is answered at once, and the announcement is not made to
// the group that has heard the answer.
func TestNameIsAnsweredAtOnce(t *testing.T) {
	r := newResponder(t)
	o := r.claim(testName, "192.0.2.1")
	r.after(20 * time.Millisecond)
	r.query(testName, dnsmessage.TypeA, dnsmessage.TypeAAAA)
	r.says("v4 192.0.2.1! NSEC!")
	r.after(time.Hour)
	r.says("v6 192.0.2.1!", "all 192.0.2.1!")
	r.remove(o)
	r.says("all 192.0.2.1! for 0s")
	// A name that was never said needs no goodbye.
	r.remove(r.claim(testName, "192.0.2.1"))
	r.says()
}

func TestNameIsAnswered(t *testing.T) {
	r := newResponder(t)
	o := r.claim(testName, "192.0.2.1")
	r.after(time.Hour)
	r.out = nil
	r.query("another-name.local", dnsmessage.TypeA)
	r.query("local", dnsmessage.TypeA)
	r.query("x."+testName, dnsmessage.TypeALL)
	r.query(testName, dnsmessage.TypeTXT)
	r.says()
	r.query(strings.ToUpper(testName), dnsmessage.TypeA, dnsmessage.TypeAAAA)
	r.says("v4 192.0.2.1! NSEC!")
	// Within a second nothing is repeated (RFC 6762 §6).
	r.after(999 * time.Millisecond)
	r.query(testName, dnsmessage.TypeA)
	r.says()
	r.after(time.Millisecond)
	r.query(testName, dnsmessage.TypeALL)
	r.says("v4 192.0.2.1! NSEC!")
	r.after(time.Second)
	r.query(testName, dnsmessage.TypeAAAA)
	r.says("v4 NSEC!")
	// The other group hears its own.
	question := dnsmessage.Message{Questions: []dnsmessage.Question{{Name: dnsmessage.MustNewName(testName + "."), Type: dnsmessage.TypeA, Class: dnsmessage.ClassINET | mdnsUnicastAllowed}}}
	r.hears("[fe80::7]:5353", question)
	r.says("v6 192.0.2.1! NSEC!")
	// An ordinary resolver is answered alone (RFC 6762 §6.7).
	question.ID = 77
	r.hears("192.0.2.9:40000", question)
	r.says("192.0.2.9:40000 ?A 192.0.2.1 for 10s NSEC for 10s")
	// Who knows it already is not told (RFC 6762 §7.1).
	r.after(time.Minute)
	known := dnsmessage.Message{Questions: question.Questions, Answers: []dnsmessage.Resource{o.record(dnsmessage.MustNewName(testName+"."), dnsmessage.ClassINET, 60)}}
	r.hears("192.0.2.7:5353", known)
	r.says()
	known.Answers[0].Header.TTL = 59
	r.hears("192.0.2.7:5353", known)
	r.says("v4 192.0.2.1! NSEC!")
	// A name of both kinds.
	r.claim(testName, "2001:db8::1")
	r.out = nil
	r.after(time.Minute)
	r.out = nil
	r.query(testName, dnsmessage.TypeALL)
	r.says("v4 192.0.2.1! 2001:db8::1!")
	// Of another link it says nothing.
	p, _ := question.Pack()
	r.handlePacket(r.now.Add(time.Hour), aLink+1, responder, p)
	r.says()
}

// A name that a program chose is probed for first, and not taken from another host.
func TestNameIsProbedFor(t *testing.T) {
	r := newResponder(t)
	o := r.add(r.now, "printer.local", netip.MustParseAddr("192.0.2.1"), aLink, true)
	r.says("all query ?ALL 192.0.2.1")
	r.query("printer.local", dnsmessage.TypeA)
	r.after(749 * time.Millisecond)
	r.says("all query ?ALL 192.0.2.1", "all query ?ALL 192.0.2.1")
	if len(o.ready) != 0 {
		t.Error("the name is used while it is probed for")
	}
	r.after(time.Millisecond)
	if err := <-o.ready; err != nil {
		t.Error(err)
	}
	r.after(time.Second)
	r.says("all 192.0.2.1!")

	r = newResponder(t)
	o = r.add(r.now, "printer.local", netip.MustParseAddr("192.0.2.1"), aLink, true)
	r.out = nil
	r.handlePacket(r.now, aLink, netip.MustParseAddrPort("192.0.2.7:53"), mdnsResponse("printer.local", 120, []string{"192.0.2.7"}))
	r.handlePacket(r.now, aLink, responder, mdnsResponse("printer.local", 120, []string{"192.0.2.1"}))
	if len(o.ready) != 0 {
		t.Error("a forgery, or what the host said itself, is a conflict")
	}
	r.handlePacket(r.now, aLink, responder, mdnsResponse("Printer.local", 120, []string{"192.0.2.7"}))
	if err := <-o.ready; err != errMDNSConflict {
		t.Errorf("the conflict is %v", err)
	}
	r.remove(o)
	r.after(time.Hour)
	r.says()
}

// Questions by the thousand, in one packet and in many, get an answer each second.
func TestNameUnderAFlood(t *testing.T) {
	r := newResponder(t)
	for i := range 50 {
		r.claim(strings.Replace(testName, "0f", string(rune('a'+i/10))+string(rune('0'+i%10)), 1), "192.0.2.1")
	}
	r.after(time.Hour)
	r.out = nil
	var types []dnsmessage.Type
	for range 2000 {
		types = append(types, dnsmessage.TypeALL)
	}
	r.query(strings.Replace(testName, "0f", "a0", 1), types...)
	if len(r.out) > 1 {
		t.Errorf("%d answers to one packet", len(r.out))
	}
	r.out = nil
	for range 300 {
		for i := range 50 {
			r.query(strings.Replace(testName, "0f", string(rune('a'+i/10))+string(rune('0'+i%10)), 1), dnsmessage.TypeA, dnsmessage.TypeALL)
		}
		r.after(10 * time.Millisecond)
	}
	if n := len(r.out); n > 3*50 {
		t.Errorf("%d answers in three seconds for 50 names", n)
	}
}

func FuzzMDNSQuestion(f *testing.F) {
	q, _ := mdnsQuestion(testName)
	f.Add(q, uint16(5353))
	f.Add(q, uint16(40000))
	f.Add(mdnsResponse(testName, 120, []string{"192.0.2.7", "2001:db8::7"}), uint16(5353))
	f.Add(mdnsResponse("printer.local", 0, []string{"192.0.2.7"}), uint16(5353))
	known := dnsmessage.Message{Questions: []dnsmessage.Question{{Name: dnsmessage.MustNewName(testName + "."), Type: dnsmessage.TypeALL, Class: dnsmessage.ClassINET}}}
	known.Answers = []dnsmessage.Resource{{Header: dnsmessage.ResourceHeader{Name: known.Questions[0].Name, Class: dnsmessage.ClassINET, TTL: 99}, Body: &dnsmessage.AResource{A: [4]byte{192, 0, 2, 1}}}}
	p, _ := known.Pack()
	f.Add(p, uint16(5353))
	f.Fuzz(func(t *testing.T, p []byte, port uint16) {
		r := newResponder(nil)
		r.claim(testName, "192.0.2.1")
		r.add(r.now, "printer.local", netip.MustParseAddr("2001:db8::1"), aLink, true)
		r.after(time.Minute)
		r.out = nil
		r.handlePacket(r.now, aLink, netip.AddrPortFrom(netip.MustParseAddr("192.0.2.7"), port), p)
		size := 0
		for _, packet := range r.out {
			size += len(packet.data)
		}
		if len(r.out) > 2 || size > 500+3*len(p) {
			t.Errorf("%d packets of %d bytes answer %d bytes", len(r.out), size, len(p))
		}
	})
}
