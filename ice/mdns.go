package ice

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// Bounds of the resolver. A peer can signal names by the thousand; what it gets
// for them is at most maxMDNSQueries questions per second on this host's links.
const (
	maxMDNSQueries    = 16  // names asked for at one time
	maxMDNSWaiting    = 256 // names that wait for their turn
	maxMDNSCandidates = 64  // candidates behind one name
	maxMDNSCache      = 256 // answers remembered
)

const (
	// mdnsPort is the port of queries and answers (RFC 6762 §3).
	mdnsPort = 5353
	// mdnsRetry is the pause between two queries for a name (RFC 6762 §5.2: at
	// least one second).
	mdnsRetry = time.Second
	// mdnsMaxTTL bounds how long an answer is believed: what a host name's
	// record is to have (RFC 6762 §10).
	mdnsMaxTTL = 120 * time.Second
	// mdnsMaxAnswers bounds the records of one packet that are looked at.
	mdnsMaxAnswers = 64
)

var (
	errMDNSTimeout = errors.New("nobody answered for the name")
	errMDNSFlood   = errors.New("too many names are being resolved")
)

// An mdnsResolver finds the addresses behind names under .local, as a
// continuous querier restricted to address records (RFC 6762 §5.2). It is a
// state machine: the owner multicasts what poll returns, hands it the packets
// that come in, and calls handleTimeout when nextTimeout says.
//
// Queries leave port 5353 and do not ask for unicast answers: a unicast answer
// could reach another program that shares the port (RFC 6762 §15.1).
type mdnsResolver struct {
	limit   time.Duration
	asking  []*mdnsQuery
	waiting []*mdnsQuery
	cache   map[string]mdnsAnswer
	out     [][]byte
	results []Resolved

	// dropped counts packets that were malformed, or no answers of a responder.
	dropped uint64
}

// An mdnsQuery is a name that is asked for, and who waits for it.
type mdnsQuery struct {
	name           string // in lower case, without the last dot
	candidates     []Candidate
	next, deadline time.Time
}

type mdnsAnswer struct {
	addr    netip.Addr
	expires time.Time
}

// resolve asks for the address of a candidate's name. The result is in results,
// perhaps at once.
func (r *mdnsResolver) resolve(now time.Time, c Candidate) {
	name := strings.ToLower(strings.TrimSuffix(c.Address(), "."))
	if !isMulticastDNSName(name) {
		r.fail(c, fmt.Errorf("%.64q is not one label under .local", c.Address()))
		return
	}
	if a, ok := r.cache[name]; ok && now.Before(a.expires) {
		r.succeed(c, a.addr)
		return
	}
	if q := r.query(name); q != nil {
		if len(q.candidates) >= maxMDNSCandidates {
			r.fail(c, errMDNSFlood)
			return
		}
		q.candidates = append(q.candidates, c)
		return
	}
	if len(r.waiting) >= maxMDNSWaiting {
		r.fail(c, errMDNSFlood)
		return
	}
	r.waiting = append(r.waiting, &mdnsQuery{name: name, candidates: []Candidate{c}})
	r.begin(now)
}

// query returns the outstanding query for a name.
func (r *mdnsResolver) query(name string) *mdnsQuery {
	for _, list := range [][]*mdnsQuery{r.asking, r.waiting} {
		for _, q := range list {
			if q.name == name {
				return q
			}
		}
	}
	return nil
}

// begin asks for waiting names as far as the bound allows.
func (r *mdnsResolver) begin(now time.Time) {
	for len(r.waiting) > 0 && len(r.asking) < maxMDNSQueries {
		q := r.waiting[0]
		r.waiting = r.waiting[1:]
		q.deadline = now.Add(r.limit)
		r.asking = append(r.asking, q)
		r.ask(now, q)
	}
}

// ask sends a question for both kinds of address.
func (r *mdnsResolver) ask(now time.Time, q *mdnsQuery) {
	q.next = now.Add(mdnsRetry)
	packet, err := mdnsQuestion(q.name)
	if err == nil {
		r.out = append(r.out, packet)
	}
}

// mdnsQuestion is a query for the A and AAAA records of a name. Its ID is zero
// (RFC 6762 §18.1).
func mdnsQuestion(name string) ([]byte, error) {
	n, err := dnsmessage.NewName(name + ".")
	if err != nil {
		return nil, err
	}
	m := dnsmessage.Message{Questions: []dnsmessage.Question{
		{Name: n, Type: dnsmessage.TypeA, Class: dnsmessage.ClassINET},
		{Name: n, Type: dnsmessage.TypeAAAA, Class: dnsmessage.ClassINET},
	}}
	return m.Pack()
}

// handleTimeout repeats and gives up what is due at now.
func (r *mdnsResolver) handleTimeout(now time.Time) {
	kept := r.asking[:0]
	for _, q := range r.asking {
		if !now.Before(q.deadline) {
			for _, c := range q.candidates {
				r.fail(c, errMDNSTimeout)
			}
			continue
		}
		if !now.Before(q.next) {
			r.ask(now, q)
		}
		kept = append(kept, q)
	}
	clear(r.asking[len(kept):])
	r.asking = kept
	r.begin(now)
}

// nextTimeout returns the earliest deadline, or the zero time.
func (r *mdnsResolver) nextTimeout() (next time.Time) {
	for _, q := range r.asking {
		next = sooner(next, sooner(q.next, q.deadline))
	}
	return next
}

// idle reports whether no name is being asked for.
func (r *mdnsResolver) idle() bool { return len(r.asking) == 0 && len(r.waiting) == 0 }

// questions returns a query for each name that is being asked for, for a socket
// that opened after they were sent.
func (r *mdnsResolver) questions() (out [][]byte) {
	for _, q := range r.asking {
		if packet, err := mdnsQuestion(q.name); err == nil {
			out = append(out, packet)
		}
	}
	return out
}

// failAll gives every name up.
func (r *mdnsResolver) failAll(err error) {
	for _, list := range [][]*mdnsQuery{r.asking, r.waiting} {
		for _, q := range list {
			for _, c := range q.candidates {
				r.fail(c, err)
			}
		}
	}
	r.asking, r.waiting = nil, nil
}

// handlePacket reads a packet that came to the multicast socket.
func (r *mdnsResolver) handlePacket(now time.Time, from netip.AddrPort, p []byte) {
	// "The source UDP port in all Multicast DNS responses MUST be 5353 […] MUST
	// silently ignore any Multicast DNS responses they receive where the source
	// UDP port is not 5353" (RFC 6762 §6).
	if from.Port() != mdnsPort {
		r.dropped++
		return
	}
	var parser dnsmessage.Parser
	h, err := parser.Start(p)
	// Queries are not for a resolver; messages with another opcode or a response
	// code are to be ignored (RFC 6762 §18.3, §18.11).
	if err != nil || !h.Response || h.OpCode != 0 || h.RCode != 0 || parser.SkipAllQuestions() != nil {
		r.dropped++
		return
	}
	var answers []mdnsRecord
	for range mdnsMaxAnswers {
		rh, err := parser.AnswerHeader()
		if errors.Is(err, dnsmessage.ErrSectionDone) {
			break
		}
		if err != nil {
			r.dropped++
			break
		}
		addr, ok := mdnsAddress(&parser, rh)
		if ok {
			name := strings.ToLower(strings.TrimSuffix(rh.Name.String(), "."))
			answers = append(answers, mdnsRecord{name, addr, rh.TTL})
		} else if parser.SkipAnswer() != nil {
			r.dropped++
			break
		}
	}
	// Of several addresses the first counts, a link-local one only where there
	// is no other: without its zone it is good for one link.
	slices.SortStableFunc(answers, func(a, b mdnsRecord) int {
		return linkLocality(a.addr) - linkLocality(b.addr)
	})
	for _, a := range answers {
		r.answer(now, a.name, a.addr, a.ttl)
	}
}

// An mdnsRecord is an address record of a response.
type mdnsRecord struct {
	name string
	addr netip.Addr
	ttl  uint32
}

func linkLocality(a netip.Addr) int {
	if a.IsLinkLocalUnicast() {
		return 1
	}
	return 0
}

// mdnsAddress reads the address of an A or AAAA record; false means that the
// record is another one, still to be skipped.
func mdnsAddress(parser *dnsmessage.Parser, h dnsmessage.ResourceHeader) (netip.Addr, bool) {
	// The top bit of the class says that older answers are to be flushed
	// (RFC 6762 §10.2).
	if h.Class&^(1<<15) != dnsmessage.ClassINET {
		return netip.Addr{}, false
	}
	switch h.Type {
	case dnsmessage.TypeA:
		a, err := parser.AResource()
		return netip.AddrFrom4(a.A), err == nil
	case dnsmessage.TypeAAAA:
		a, err := parser.AAAAResource()
		return netip.AddrFrom16(a.AAAA).Unmap(), err == nil
	}
	return netip.Addr{}, false
}

// answer acts on an address record. Only names that are being asked for count,
// and only addresses of one host: a record for anything else is of no use here
// and must not fill the cache.
func (r *mdnsResolver) answer(now time.Time, name string, addr netip.Addr, ttl uint32) {
	// A TTL of zero takes a record back (RFC 6762 §10.1).
	if ttl == 0 {
		delete(r.cache, name)
		return
	}
	if addr.IsUnspecified() || addr.IsMulticast() || addr == netip.AddrFrom4([4]byte{255, 255, 255, 255}) {
		return
	}
	for i, q := range r.asking {
		if q.name != name {
			continue
		}
		r.remember(now, name, addr, ttl)
		for _, c := range q.candidates {
			r.succeed(c, addr)
		}
		r.asking = append(r.asking[:i], r.asking[i+1:]...)
		r.begin(now)
		return
	}
}

// remember keeps an answer for its time to live, dropping what has expired, and
// then anything, if there are too many.
func (r *mdnsResolver) remember(now time.Time, name string, addr netip.Addr, ttl uint32) {
	if r.cache == nil {
		r.cache = map[string]mdnsAnswer{}
	}
	if len(r.cache) >= maxMDNSCache {
		for n, a := range r.cache {
			if !now.Before(a.expires) {
				delete(r.cache, n)
			}
		}
	}
	for n := range r.cache {
		if len(r.cache) < maxMDNSCache {
			break
		}
		delete(r.cache, n)
	}
	r.cache[name] = mdnsAnswer{addr, now.Add(min(time.Duration(ttl)*time.Second, mdnsMaxTTL))}
}

func (r *mdnsResolver) succeed(c Candidate, addr netip.Addr) {
	r.results = append(r.results, Resolved{Candidate: c.WithAddr(netip.AddrPortFrom(addr, uint16(c.Port())))})
}

func (r *mdnsResolver) fail(c Candidate, err error) {
	r.results = append(r.results, Resolved{Candidate: c, Err: fmt.Errorf("resolve %.64q: %w", c.Address(), err)})
}
