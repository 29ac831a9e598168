package ice

import (
	"errors"
	"net/netip"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

const (
	// mdnsTTL is how long others may believe our records (RFC 6762 §10: 120 s for
	// host names), mdnsLegacyTTL what programs are told that know no multicast DNS
	// (RFC 6762 §6.7: at most ten seconds).
	mdnsTTL       = 120
	mdnsLegacyTTL = 10
	// mdnsAnnouncements are sent of each name, mdnsAnnouncePause apart (RFC 6762
	// §8.3: at least two, a second apart). The first one leaves its second to the
	// peer's question, which often follows at once and could not be answered after it
	// (mdnsRepetition); the answer is as good as an announcement.
	mdnsAnnouncements  = 2
	mdnsAnnouncePause  = time.Second
	mdnsProbes         = 3
	mdnsProbePause     = 250 * time.Millisecond
	mdnsRepetition     = time.Second
	mdnsMaxQuestions   = 64
	mdnsTypeNSEC       = dnsmessage.Type(47) // RFC 4034 §4
	mdnsCacheFlush     = dnsmessage.Class(1 << 15)
	mdnsUnicastAllowed = dnsmessage.Class(1 << 15)
)

var errMDNSConflict = errors.New("another host has the name")

// An mdnsResponder answers for names of this host (RFC 6762 §6). It is a state
// machine: the owner sends what is in out, hands it the packets that come in, and
// calls handleTimeout when nextTimeout says.
type mdnsResponder struct {
	names map[string][]*ownName // by name, in lower case
	out   []mdnsPacket
	// dropped counts queries that were malformed or came from another link.
	dropped uint64
}

// An ownName is a name with one address, on the link of that address.
type ownName struct {
	name string
	addr netip.Addr
	link int // the interface's index
	refs int
	// probes and announcements are those still to be sent, the next one at next. live:
	// the name is answered for.
	probes, announcements int
	next                  time.Time
	live                  bool
	// said is when the record was last multicast, to each of the two groups.
	said [2]time.Time
	// ready hears once that the name may be used, or why not.
	ready chan error
}

// An mdnsPacket is to be sent on a link: to an address, or to the groups of one or
// both IP versions.
type mdnsPacket struct {
	link   int
	to     netip.AddrPort // zero for multicast
	v4, v6 bool
	data   []byte
}

// add makes name stand for addr on a link until remove. The result says when the
// name may be used, or why not. A name that the host has drawn itself, from 122
// random bits, nobody else has; one that a program chose is probed for first
// (RFC 6762 §8.1).
func (r *mdnsResponder) add(now time.Time, name string, addr netip.Addr, link int, probe bool) *ownName {
	name = strings.ToLower(name)
	if o := r.find(name, addr, link); o != nil {
		o.refs++
		return o
	}
	o := &ownName{name: name, addr: addr, link: link, refs: 1, announcements: mdnsAnnouncements, next: now, ready: make(chan error, 1)}
	if probe {
		o.probes = mdnsProbes
	}
	if r.names == nil {
		r.names = map[string][]*ownName{}
	}
	r.names[name] = append(r.names[name], o)
	r.handleTimeout(now)
	return o
}

func (r *mdnsResponder) find(name string, addr netip.Addr, link int) *ownName {
	for _, o := range r.names[name] {
		if o.addr == addr && o.link == link {
			return o
		}
	}
	return nil
}

// remove takes back what add did. With the last one the name is withdrawn: a
// record with a TTL of zero ends it everywhere (RFC 6762 §10.1).
func (r *mdnsResponder) remove(o *ownName) {
	if o.refs--; o.refs > 0 || r.find(o.name, o.addr, o.link) != o {
		return
	}
	r.forget(o)
	if o.said != [2]time.Time{} {
		if data, err := mdnsReply(0, nil, []*ownName{o}, nil, 0); err == nil {
			r.out = append(r.out, mdnsPacket{link: o.link, v4: true, v6: true, data: data})
		}
	}
}

func (r *mdnsResponder) forget(o *ownName) {
	var kept []*ownName
	for _, other := range r.names[o.name] {
		if other != o {
			kept = append(kept, other)
		}
	}
	if r.names[o.name] = kept; len(kept) == 0 {
		delete(r.names, o.name)
	}
}

// handleTimeout probes and announces what is due.
func (r *mdnsResponder) handleTimeout(now time.Time) {
	for _, all := range r.names {
		for _, o := range all {
			if o.next.IsZero() || now.Before(o.next) {
				continue
			}
			if o.probes > 0 {
				o.probes--
				o.next = now.Add(mdnsProbePause)
				r.probe(o)
				continue
			}
			o.next = now.Add(mdnsAnnouncePause)
			if !o.live {
				o.live = true
				o.ready <- nil
				continue
			}
			if o.announcements--; o.announcements == 0 {
				o.next = time.Time{}
			}
			r.announce(now, o)
		}
	}
}

// announce says to each group that has not just heard it what the name stands for.
func (r *mdnsResponder) announce(now time.Time, o *ownName) {
	v4, v6 := o.may(now, 0), o.may(now, 1)
	if data, err := mdnsReply(0, nil, []*ownName{o}, nil, mdnsTTL); err == nil && (v4 || v6) {
		r.out = append(r.out, mdnsPacket{link: o.link, v4: v4, v6: v6, data: data})
	}
}

// may says whether the record may be multicast to a group now, and notes that it is:
// not again within a second (RFC 6762 §6).
func (o *ownName) may(now time.Time, group int) bool {
	if !o.said[group].IsZero() && now.Sub(o.said[group]) < mdnsRepetition {
		return false
	}
	o.said[group] = now
	return true
}

// nextTimeout returns the earliest deadline, or the zero time.
func (r *mdnsResponder) nextTimeout() (next time.Time) {
	for _, all := range r.names {
		for _, o := range all {
			next = sooner(next, o.next)
		}
	}
	return next
}

// probe asks whether somebody else has the name, and says with which record it is
// to be taken (RFC 6762 §8.1, §8.2).
func (r *mdnsResponder) probe(o *ownName) {
	name, err := dnsmessage.NewName(o.name + ".")
	if err != nil {
		return
	}
	m := dnsmessage.Message{
		Questions:   []dnsmessage.Question{{Name: name, Type: dnsmessage.TypeALL, Class: dnsmessage.ClassINET}},
		Authorities: []dnsmessage.Resource{o.record(name, dnsmessage.ClassINET, mdnsTTL)},
	}
	if data, err := m.Pack(); err == nil {
		r.out = append(r.out, mdnsPacket{link: o.link, v4: true, v6: true, data: data})
	}
}

// handlePacket reads a packet that came over a link. The owner has made sure that
// its source is on the link (RFC 6762 §11).
func (r *mdnsResponder) handlePacket(now time.Time, link int, from netip.AddrPort, p []byte) {
	var parser dnsmessage.Parser
	h, err := parser.Start(p)
	if err != nil || h.OpCode != 0 {
		r.dropped++
		return
	}
	if h.Response {
		r.handleResponse(link, from, &parser)
		return
	}
	var questions []dnsmessage.Question
	for len(questions) < mdnsMaxQuestions {
		q, err := parser.Question()
		if errors.Is(err, dnsmessage.ErrSectionDone) {
			break
		}
		if err != nil {
			r.dropped++
			return
		}
		questions = append(questions, q)
	}
	if parser.SkipAllQuestions() != nil {
		r.dropped++
		return
	}
	asked := map[string]*mdnsAsked{}
	for _, q := range questions {
		name := strings.ToLower(strings.TrimSuffix(q.Name.String(), "."))
		if len(r.names[name]) == 0 || q.Class&^mdnsUnicastAllowed != dnsmessage.ClassINET {
			continue
		}
		a := asked[name]
		if a == nil {
			a = &mdnsAsked{}
			asked[name] = a
		}
		a.questions = append(a.questions, q)
		a.v4 = a.v4 || q.Type == dnsmessage.TypeA || q.Type == dnsmessage.TypeALL
		a.v6 = a.v6 || q.Type == dnsmessage.TypeAAAA || q.Type == dnsmessage.TypeALL
	}
	if len(asked) == 0 {
		return
	}
	known := knownAnswers(&parser)
	for name, a := range asked {
		r.answer(now, link, from, h.ID, r.names[name], a, known)
	}
}

// mdnsAsked is what a packet asks about a name.
type mdnsAsked struct {
	questions []dnsmessage.Question
	v4, v6    bool
}

// knownAnswers reads what the sender of a query knows already: it "MUST NOT" be told
// again while half of the time to live is left (RFC 6762 §7.1).
func knownAnswers(parser *dnsmessage.Parser) map[mdnsRecord]bool {
	known := map[mdnsRecord]bool{}
	for range mdnsMaxAnswers {
		h, err := parser.AnswerHeader()
		if err != nil {
			break
		}
		addr, ok := mdnsAddress(parser, h)
		switch {
		case ok && h.TTL >= mdnsTTL/2:
			known[mdnsRecord{name: strings.ToLower(strings.TrimSuffix(h.Name.String(), ".")), addr: addr}] = true
		case !ok && parser.SkipAnswer() != nil:
			return known
		}
	}
	return known
}

// answer answers a question for a name of ours: by multicast, or to the asker alone
// if that is an ordinary resolver (RFC 6762 §6.7).
func (r *mdnsResponder) answer(
	now time.Time, link int, from netip.AddrPort, id uint16, own []*ownName, asked *mdnsAsked, known map[mdnsRecord]bool,
) {
	group := 0
	if from.Addr().Unmap().Is6() {
		group = 1
	}
	legacy := from.Port() != mdnsPort
	var all, wanted []*ownName
	for _, o := range own {
		if o.link != link || !o.live {
			continue // another link's, or not ours yet
		}
		all = append(all, o)
		if is4 := o.addr.Is4(); !(is4 && asked.v4 || !is4 && asked.v6) || known[mdnsRecord{name: o.name, addr: o.addr}] {
			continue
		}
		wanted = append(wanted, o)
	}
	if len(all) == 0 {
		return
	}
	if legacy {
		if data, err := mdnsReply(id, asked.questions, wanted, all, mdnsLegacyTTL); err == nil {
			r.out = append(r.out, mdnsPacket{link: link, to: from, data: data})
		}
		return
	}
	fresh := slices.DeleteFunc(slices.Clone(wanted), func(o *ownName) bool { return !o.may(now, group) })
	if len(fresh) == 0 && (len(wanted) > 0 || !asked.lacks(all)) {
		return // a peer that missed it asks again after a second
	}
	if data, err := mdnsReply(0, nil, fresh, all, mdnsTTL); err == nil {
		r.out = append(r.out, mdnsPacket{link: link, v4: group == 0, v6: group == 1, data: data})
	}
}

// lacks says that a question is for a kind of address that the name does not have.
func (a *mdnsAsked) lacks(all []*ownName) bool {
	v4, v6 := kinds(all)
	return a.v4 && !v4 || a.v6 && !v6
}

// kinds says which kinds of address there are.
func kinds(all []*ownName) (v4, v6 bool) {
	for _, o := range all {
		v4, v6 = v4 || o.addr.Is4(), v6 || o.addr.Is6()
	}
	return v4, v6
}

// handleResponse looks whether somebody else has a name that is being probed for.
func (r *mdnsResponder) handleResponse(link int, from netip.AddrPort, parser *dnsmessage.Parser) {
	if from.Port() != mdnsPort || parser.SkipAllQuestions() != nil {
		r.dropped++
		return
	}
	for range mdnsMaxAnswers {
		h, err := parser.AnswerHeader()
		if err != nil {
			return
		}
		addr, ok := mdnsAddress(parser, h)
		if !ok {
			if parser.SkipAnswer() != nil {
				return
			}
			continue
		}
		name := strings.ToLower(strings.TrimSuffix(h.Name.String(), "."))
		own := r.names[name]
		mine := false
		for _, o := range own {
			mine = mine || o.addr == addr
		}
		for _, o := range own {
			if !mine && h.TTL > 0 && o.link == link && !o.live {
				r.forget(o)
				o.ready <- errMDNSConflict
			}
		}
	}
}

// record is the address record of o.
func (o *ownName) record(name dnsmessage.Name, class dnsmessage.Class, ttl uint32) dnsmessage.Resource {
	h := dnsmessage.ResourceHeader{Name: name, Class: class, TTL: ttl}
	if o.addr.Is4() {
		return dnsmessage.Resource{Header: h, Body: &dnsmessage.AResource{A: o.addr.As4()}}
	}
	return dnsmessage.Resource{Header: h, Body: &dnsmessage.AAAAResource{AAAA: o.addr.As16()}}
}

// mdnsReply is a response with the records of own. all, if not nil, are all
// addresses of the name on the link: an NSEC record says which kinds there are, so
// that nobody waits for the other one (RFC 6762 §6.1). questions are repeated for
// ordinary resolvers, who know no cache-flush bit either.
func mdnsReply(id uint16, questions []dnsmessage.Question, own, all []*ownName, ttl uint32) ([]byte, error) {
	class := dnsmessage.ClassINET | mdnsCacheFlush
	if questions != nil {
		class = dnsmessage.ClassINET
	}
	m := dnsmessage.Message{Header: dnsmessage.Header{ID: id, Response: true, Authoritative: true}}
	for _, q := range questions {
		q.Class &^= mdnsUnicastAllowed
		m.Questions = append(m.Questions, q)
	}
	for _, o := range own {
		name, err := dnsmessage.NewName(o.name + ".")
		if err != nil {
			return nil, err
		}
		m.Answers = append(m.Answers, o.record(name, class, ttl))
	}
	if v4, v6 := kinds(all); v4 != v6 {
		name, err := dnsmessage.NewName(all[0].name + ".")
		if err != nil {
			return nil, err
		}
		nsec := mdnsNSEC(name, class, v4, ttl)
		if len(own) == 0 {
			m.Answers = append(m.Answers, nsec)
		} else {
			m.Additionals = append(m.Additionals, nsec)
		}
	}
	return m.Pack()
}

// mdnsNSEC says that name has A records only, or AAAA records only: the name
// itself, and a bitmap of types (RFC 4034 §4.1).
func mdnsNSEC(name dnsmessage.Name, class dnsmessage.Class, v4 bool, ttl uint32) dnsmessage.Resource {
	var data []byte
	for label := range strings.SplitSeq(strings.TrimSuffix(name.String(), "."), ".") {
		data = append(append(data, byte(len(label))), label...)
	}
	if data = append(data, 0); v4 {
		data = append(data, 0, 1, 0x40) // type 1
	} else {
		data = append(data, 0, 4, 0, 0, 0, 0x08) // type 28
	}
	return dnsmessage.Resource{
		Header: dnsmessage.ResourceHeader{Name: name, Class: class, TTL: ttl, Type: mdnsTypeNSEC},
		Body:   &dnsmessage.UnknownResource{Type: mdnsTypeNSEC, Data: data},
	}
}
