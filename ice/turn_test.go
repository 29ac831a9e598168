package ice

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pion/stun/v4"
)

// A turnPlay is a client and, played by the test, its server.
type turnPlay struct {
	t *testing.T
	*turnClient
	now   time.Time
	realm string
	key   *longTermKey // of the server; nil before the challenge
}

func playTURN(t *testing.T, configure func(*turnConfig)) *turnPlay {
	cfg := turnConfig{credentials: turnCredentials{username: "user", password: "secret"}, ipv4: true, ipv6: true, rto: 500 * time.Millisecond, limit: 5 * time.Second, rand: rand.Reader}
	if configure != nil {
		configure(&cfg)
	}
	p := &turnPlay{t: t, turnClient: newTURNClient(cfg, &relayView{}), now: time.Unix(1e9, 0), realm: "realm"}
	p.start(p.now)
	return p
}

// next returns the request that the client sends next.
func (p *turnPlay) next(method stun.Method) *stun.Message {
	p.t.Helper()
	b, ok := p.poll()
	if !ok {
		p.t.Fatalf("no request, want %v", method)
	}
	m := &stun.Message{Raw: slices.Clone(b)}
	if err := m.Decode(); err != nil || m.Type.Method != method || m.Type.Class != stun.ClassRequest {
		p.t.Fatalf("request %v: %v, want %v", m.Type, err, method)
	}
	return m
}

// reply answers a request, with integrity if the server has a key.
func (p *turnPlay) reply(m *stun.Message, class stun.MessageClass, setters ...stun.Setter) {
	p.t.Helper()
	p.handlePacket(p.now, p.response(m, class, setters...))
}

func (p *turnPlay) response(m *stun.Message, class stun.MessageClass, setters ...stun.Setter) []byte {
	r, err := stun.Build(append([]stun.Setter{m, stun.MessageType{Method: m.Type.Method, Class: class}}, setters...)...)
	if err != nil {
		p.t.Fatal(err)
	}
	if p.key != nil {
		p.key.sign(r)
	}
	return r.Raw
}

type rawAttribute struct {
	typ   stun.AttrType
	value []byte
}

func (r rawAttribute) AddTo(m *stun.Message) error { m.Add(r.typ, r.value); return nil }

func xorAttribute(typ stun.AttrType, addr string) stun.Setter {
	return setterFunc(func(m *stun.Message) error {
		m.Add(typ, appendXORAddress(nil, netip.MustParseAddrPort(addr), (*transactionID)(&m.TransactionID)))
		return nil
	})
}

type setterFunc func(*stun.Message) error

func (f setterFunc) AddTo(m *stun.Message) error { return f(m) }

func errorCode(code int) stun.Setter {
	return stun.ErrorCodeAttribute{Code: stun.ErrorCode(code), Reason: []byte("because")}
}

// challenge answers the client's request with 401.
func (p *turnPlay) challenge(nonce string, setters ...stun.Setter) {
	p.t.Helper()
	p.reply(p.next(stun.MethodAllocate), stun.ClassErrorResponse,
		append([]stun.Setter{errorCode(401), stun.NewRealm(p.realm), stun.NewNonce(nonce)}, setters...)...)
	p.key = newLongTermKey("user", p.realm, "secret", passwordMD5, false)
}

var relayedAttribute = xorAttribute(stun.AttrXORRelayedAddress, "198.51.100.1:50000")

// allocates brings the client to its allocation.
func (p *turnPlay) allocates() {
	p.t.Helper()
	p.challenge("nonce")
	p.reply(p.next(stun.MethodAllocate), stun.ClassSuccessResponse, relayedAttribute,
		xorAttribute(stun.AttrXORMappedAddress, "203.0.113.1:7000"), rawAttribute{stun.AttrLifetime, []byte{0, 0, 2, 0x58}})
	if e, ok := p.takeEvent(); !ok || e.err != nil {
		p.t.Fatalf("event %+v, %v", e, ok)
	}
}

// wantEnd checks the event that ends the client.
func (p *turnPlay) wantEnd(code uint16, text string) {
	p.t.Helper()
	e, ok := p.takeEvent()
	if !ok || e.code != code || e.err == nil || !strings.Contains(e.err.Error(), text) {
		p.t.Errorf("event %+v (%v), want %d %q", e, ok, code, text)
	}
	if p.state != turnEnded || !p.nextTimeout().IsZero() {
		p.t.Errorf("state %v, next timeout %v", p.state, p.nextTimeout())
	}
}

func (p *turnPlay) wantNothing() {
	p.t.Helper()
	if e, ok := p.takeEvent(); ok {
		p.t.Errorf("event %+v", e)
	}
	if b, ok := p.poll(); ok {
		p.t.Errorf("sends %x", b)
	}
}

func TestTURNAllocation(t *testing.T) {
	p := playTURN(t, nil)
	first := p.next(stun.MethodAllocate)
	if v, err := first.Get(stun.AttrRequestedTransport); err != nil || !bytes.Equal(v, []byte{17, 0, 0, 0}) {
		t.Errorf("REQUESTED-TRANSPORT %x", v)
	}
	if first.Contains(stun.AttrUsername) || first.Contains(stun.AttrMessageIntegrity) || first.Contains(stun.AttrEvenPort) {
		t.Errorf("first request %v", first.Attributes)
	}
	p.out = append(p.out, first.Raw)
	p.challenge("nonce")
	m := p.next(stun.MethodAllocate)
	if m.TransactionID == first.TransactionID {
		t.Error("the retry is no new transaction")
	}
	if at, ok := p.key.verify(m.Raw); !ok || at < 0 {
		t.Error("the retry has no integrity")
	}
	p.reply(m, stun.ClassSuccessResponse, relayedAttribute, xorAttribute(stun.AttrXORMappedAddress, "203.0.113.1:7000"),
		rawAttribute{stun.AttrLifetime, []byte{0, 0, 2, 0x58}})
	e, _ := p.takeEvent()
	if len(e.relayed) != 1 || e.relayed[0].String() != "198.51.100.1:50000" || e.mapped.String() != "203.0.113.1:7000" {
		t.Errorf("event %+v", e)
	}
	if p.refresh != p.now.Add(9*time.Minute) {
		t.Errorf("refresh in %v", p.refresh.Sub(p.now))
	}
}

// Each error code of an Allocate request does what RFC 8656 §7.4 says.
func TestTURNAllocateErrors(t *testing.T) {
	for _, code := range []uint16{300, 400, 403, 420, 437, 441, 442, 443, 486, 500, 508, 699} {
		p := playTURN(t, nil)
		p.challenge("nonce")
		p.reply(p.next(stun.MethodAllocate), stun.ClassErrorResponse, errorCode(int(code)))
		p.wantEnd(code, "because")
	}
	// 401 for a request with credentials: they are wrong.
	p := playTURN(t, nil)
	p.challenge("nonce")
	p.key = nil
	p.reply(p.next(stun.MethodAllocate), stun.ClassErrorResponse, errorCode(401), stun.NewRealm("realm"), stun.NewNonce("other"))
	p.wantEnd(401, "because")
	// 440 leads to IPv6, once.
	p = playTURN(t, nil)
	p.challenge("nonce")
	p.reply(p.next(stun.MethodAllocate), stun.ClassErrorResponse, errorCode(440))
	m := p.next(stun.MethodAllocate)
	if v, err := m.Get(stun.AttrRequestedAddressFamily); err != nil || v[0] != 2 || m.Contains(attrAdditionalAddressFamily) {
		t.Errorf("REQUESTED-ADDRESS-FAMILY %x", v)
	}
	p.reply(m, stun.ClassErrorResponse, errorCode(440))
	p.wantEnd(440, "because")
	// 300 carries the server to ask.
	p = playTURN(t, nil)
	p.challenge("nonce")
	p.reply(p.next(stun.MethodAllocate), stun.ClassErrorResponse, errorCode(300), rawAttribute{stun.AttrAlternateServer, []byte{0, 1, 0x0d, 0x96, 192, 0, 2, 9}})
	if e, _ := p.takeEvent(); e.alternate.String() != "192.0.2.9:3478" {
		t.Errorf("event %+v", e)
	}
}

// A stale nonce is replaced, and not for ever.
func TestTURNStaleNonce(t *testing.T) {
	p := playTURN(t, nil)
	p.challenge("nonce")
	for i := range maxTURNChallenges - 1 {
		m := p.next(stun.MethodAllocate)
		nonce, _ := m.Get(stun.AttrNonce)
		if want := []string{"nonce", "n0", "n1"}[i]; string(nonce) != want {
			t.Errorf("nonce %q, want %q", nonce, want)
		}
		// Such a response has no integrity (RFC 8489 §9.2.4).
		key := p.key
		p.key = nil
		p.reply(m, stun.ClassErrorResponse, errorCode(438), stun.NewRealm("realm"), stun.NewNonce([]string{"n0", "n1", "n2"}[i]))
		p.key = key
		p.wantStill()
	}
	p.reply(p.next(stun.MethodAllocate), stun.ClassErrorResponse, errorCode(438), stun.NewRealm("realm"), stun.NewNonce("n3"))
	p.wantEnd(438, "because")
}

func (p *turnPlay) wantStill() {
	p.t.Helper()
	if e, ok := p.takeEvent(); ok {
		p.t.Errorf("event %+v", e)
	}
}

// With a list of password algorithms the first that is known is used, and
// MESSAGE-INTEGRITY-SHA256 with it (RFC 8489 §9.2.5).
func TestTURNPasswordAlgorithms(t *testing.T) {
	list := []byte{0, 9, 0, 1, 7, 0, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0}
	p := playTURN(t, nil)
	p.challenge("obMatJos2gAAAx", rawAttribute{stun.AttrPasswordAlgorithms, list})
	p.key = newLongTermKey("user", "realm", "secret", passwordSHA256, true)
	m := p.next(stun.MethodAllocate)
	sent, _ := m.Get(stun.AttrPasswordAlgorithms)
	chosen, _ := m.Get(stun.AttrPasswordAlgorithm)
	if _, ok := p.key.verify(m.Raw); !ok || !bytes.Equal(sent, list) || !bytes.Equal(chosen, []byte{0, 2, 0, 0}) || m.Contains(stun.AttrMessageIntegrity) {
		t.Errorf("request %v", m.Attributes)
	}
	// A response under SHA-1 alone would be a step down.
	weak := *p
	weak.key = newLongTermKey("user", "realm", "secret", passwordSHA256, false)
	weak.key.attribute = stun.AttrMessageIntegrity
	p.handlePacket(p.now, weak.response(m, stun.ClassSuccessResponse, relayedAttribute))
	p.wantNothing()
	if p.dropped != 1 {
		t.Errorf("%d dropped", p.dropped)
	}
	p.reply(m, stun.ClassSuccessResponse, relayedAttribute)
	if e, ok := p.takeEvent(); !ok || e.err != nil {
		t.Errorf("event %+v", e)
	}
}

func TestTURNUsernameAnonymity(t *testing.T) {
	p := playTURN(t, nil)
	p.challenge("obMatJos2QAAAx")
	m := p.next(stun.MethodAllocate)
	if v, err := m.Get(stun.AttrUserhash); err != nil || len(v) != 32 || m.Contains(stun.AttrUsername) {
		t.Errorf("request %v", m.Attributes)
	}
}

// Challenges that must not be followed.
func TestTURNBadChallenges(t *testing.T) {
	tests := []struct {
		name    string
		setters []stun.Setter
		want    string
	}{
		{"no nonce", []stun.Setter{stun.NewRealm("realm")}, "no usable realm"},
		{"no realm", []stun.Setter{stun.NewNonce("nonce")}, "no usable realm"},
		{"list removed", []stun.Setter{stun.NewRealm("realm"), stun.NewNonce("obMatJos2gAAAx")}, "lists none"},
		{"unknown algorithms", []stun.Setter{stun.NewRealm("realm"), stun.NewNonce("n"), rawAttribute{stun.AttrPasswordAlgorithms, []byte{0, 9, 0, 0}}}, "no password algorithm"},
		{"short list", []stun.Setter{stun.NewRealm("realm"), stun.NewNonce("n"), rawAttribute{stun.AttrPasswordAlgorithms, []byte{0, 9, 255, 255}}}, "no password algorithm"},
	}
	for _, tt := range tests {
		p := playTURN(t, nil)
		p.reply(p.next(stun.MethodAllocate), stun.ClassErrorResponse, append([]stun.Setter{errorCode(401)}, tt.setters...)...)
		p.wantEnd(401, tt.want)
		if t.Failed() {
			t.Fatal(tt.name)
		}
	}
}

// What is not the server's word changes nothing.
func TestTURNHostileResponses(t *testing.T) {
	p := playTURN(t, nil)
	p.challenge("nonce")
	m := p.next(stun.MethodAllocate)
	good := p.response(m, stun.ClassSuccessResponse, relayedAttribute)
	key := p.key
	p.key = nil
	bare := p.response(m, stun.ClassSuccessResponse, relayedAttribute)
	other := *m
	other.TransactionID[0]++
	p.key = newLongTermKey("user", "realm", "guess", passwordMD5, false)
	forged := p.response(m, stun.ClassSuccessResponse, relayedAttribute)
	p.key = key
	stray := p.response(&other, stun.ClassSuccessResponse, relayedAttribute)
	method := slices.Clone(good)
	binary.BigEndian.PutUint16(method, stun.MessageType{Method: stun.MethodRefresh, Class: stun.ClassSuccessResponse}.Value())
	flipped := slices.Clone(good)
	flipped[30] ^= 1
	request := slices.Clone(m.Raw)
	for i, b := range [][]byte{nil, {1}, bare, forged, stray, method, flipped, request, good[:len(good)-4], append(slices.Clone(good), 0, 0, 0, 0)} {
		p.handlePacket(p.now, b)
		p.wantNothing()
		if p.dropped != uint64(i+1) {
			t.Fatalf("message %d: %d dropped", i, p.dropped)
		}
	}
	// An attribute behind the integrity is not part of what was signed.
	behind := &stun.Message{Raw: slices.Clone(good)}
	if err := behind.Decode(); err != nil {
		t.Fatal(err)
	}
	behind.Add(stun.AttrXORRelayedAddress, appendXORAddress(nil, netip.MustParseAddrPort("192.0.2.66:6"), (*transactionID)(&behind.TransactionID)))
	p.handlePacket(p.now, behind.Raw)
	if e, ok := p.takeEvent(); !ok || len(e.relayed) != 1 || e.relayed[0].Addr().String() != "198.51.100.1" {
		t.Errorf("event %+v", e)
	}
}

// Success without an address that packets could be sent to, or with what must be
// understood and is not.
func TestTURNUselessSuccess(t *testing.T) {
	for _, setter := range []stun.Setter{
		rawAttribute{stun.AttrLifetime, []byte{0, 0, 2, 0x58}},
		xorAttribute(stun.AttrXORRelayedAddress, "0.0.0.0:1"), xorAttribute(stun.AttrXORRelayedAddress, "224.0.0.1:1"),
		xorAttribute(stun.AttrXORRelayedAddress, "198.51.100.1:0"), rawAttribute{0x7777, nil},
	} {
		p := playTURN(t, nil)
		p.challenge("nonce")
		p.reply(p.next(stun.MethodAllocate), stun.ClassSuccessResponse, setter)
		if e, ok := p.takeEvent(); !ok || e.err == nil || p.state != turnEnded {
			t.Errorf("%v: event %+v", setter, e)
		}
	}
}

// An error without integrity counts if nothing better comes; and a response that
// is better may come.
func TestTURNUnprovenErrors(t *testing.T) {
	for _, saved := range []bool{false, true} {
		p := playTURN(t, nil)
		p.challenge("nonce")
		m := p.next(stun.MethodAllocate)
		key := p.key
		p.key = nil
		p.reply(m, stun.ClassErrorResponse, errorCode(486))
		p.key = key
		p.wantNothing()
		if saved {
			p.reply(m, stun.ClassSuccessResponse, relayedAttribute)
			if e, ok := p.takeEvent(); !ok || e.err != nil {
				t.Errorf("event %+v", e)
			}
			continue
		}
		p.now = p.now.Add(turnUnprovenWait)
		p.handleTimeout(p.now)
		p.wantEnd(486, "because")
	}
}

func TestTURNRetransmission(t *testing.T) {
	for _, reliable := range []bool{false, true} {
		p := playTURN(t, func(c *turnConfig) { c.reliable, c.limit = reliable, time.Minute })
		began, sent := p.now, 0
		for p.state != turnEnded {
			for _, ok := p.poll(); ok; _, ok = p.poll() {
				sent++
			}
			p.now = p.nextTimeout()
			p.handleTimeout(p.now)
		}
		wantSent, wantTime := stunRc, 39500*time.Millisecond
		if reliable {
			wantSent, wantTime = 1, time.Minute
		}
		if took := p.now.Sub(began); sent != wantSent || took != wantTime {
			t.Errorf("%d transmissions in %v, want %d in %v", sent, took, wantSent, wantTime)
		}
		p.wantEnd(0, "did not answer")
	}
}

// Refusals of permissions and channels leave the allocation as it is.
func TestTURNPermissionsAndChannels(t *testing.T) {
	p := playTURN(t, nil)
	p.allocates()
	peer := netip.MustParseAddrPort("203.0.113.7:9")
	p.permit(p.now, peer.Addr())
	p.permit(p.now, peer.Addr())
	m := p.next(stun.MethodCreatePermission)
	p.bind(p.now, peer)
	p.bind(p.now, peer)
	b := p.next(stun.MethodChannelBind)
	p.wantNothing()
	if v, _ := b.Get(stun.AttrChannelNumber); !bytes.Equal(v, []byte{0x40, 0, 0, 0}) {
		t.Errorf("CHANNEL-NUMBER %x", v)
	}
	if number, bound := p.view.table.Load().channel(peer); number != 0x4000 || bound {
		t.Errorf("channel %#x, bound %v, before the answer", number, bound)
	}
	p.reply(m, stun.ClassSuccessResponse)
	p.reply(b, stun.ClassSuccessResponse)
	if _, bound := p.view.table.Load().channel(peer); !bound {
		t.Error("the channel is not used")
	}
	// After four minutes the permission is renewed, after eight the channel too.
	start := p.now
	p.now = start.Add(turnPermissionPeriod)
	p.handleTimeout(p.now)
	m = p.next(stun.MethodCreatePermission)
	if keepalive, ok := p.poll(); !ok || len(keepalive) != stunHeader {
		t.Errorf("keepalive %x", keepalive)
	}
	p.wantNothing()
	p.reply(m, stun.ClassSuccessResponse)
	p.now = start.Add(turnChannelPeriod)
	p.keepalive = time.Time{}
	p.handleTimeout(p.now)
	p.reply(p.next(stun.MethodCreatePermission), stun.ClassSuccessResponse)
	p.reply(p.next(stun.MethodChannelBind), stun.ClassSuccessResponse)
	p.wantNothing()
	other := netip.MustParseAddrPort("203.0.113.8:9")
	p.bind(p.now, other)
	p.reply(p.next(stun.MethodChannelBind), stun.ClassErrorResponse, errorCode(403))
	if number, bound := p.view.table.Load().channel(other); number != 0x4001 || bound {
		t.Errorf("refused channel %#x, bound %v", number, bound)
	}
	p.wantStill()
	p.bind(p.now, netip.MustParseAddrPort("203.0.113.9:9"))
	p.reply(p.next(stun.MethodChannelBind), stun.ClassErrorResponse, errorCode(437))
	p.wantEnd(437, "allocation is lost")
}

func TestTURNRefreshErrors(t *testing.T) {
	for _, code := range []uint16{400, 403, 437, 441, 500} {
		p := playTURN(t, nil)
		p.allocates()
		p.now = p.refresh
		p.keepalive = time.Time{}
		p.handleTimeout(p.now)
		p.reply(p.next(stun.MethodRefresh), stun.ClassErrorResponse, errorCode(int(code)))
		p.wantEnd(code, "the allocation is lost: because")
		if p.view.farewell.Load() != nil {
			t.Error("what is lost is still to be released")
		}
	}
}

func TestLongTermKey(t *testing.T) {
	// RFC 8489 §9.2.2 (and RFC 5389 §15.4): MD5 of "user:realm:pass".
	m := stun.MustBuild(stun.TransactionID, stun.BindingRequest, stun.NewLongTermIntegrity("user", "realm", "pass"))
	if _, ok := newLongTermKey("user", "realm", "pass", passwordMD5, false).verify(m.Raw); !ok {
		t.Error("the engine's integrity is not taken")
	}
	if _, ok := newLongTermKey("user", "realm", "pas", passwordMD5, false).verify(m.Raw); ok {
		t.Error("a wrong password is taken")
	}
	// A SHA-256 that is cut short is none (RFC 8489 §14.6).
	k := newLongTermKey("user", "realm", "pass", passwordSHA256, true)
	for size, want := range map[int]bool{0: false, 16: false, 28: false, 32: true} {
		m := stun.MustBuild(stun.TransactionID, stun.BindingRequest)
		m.Add(stun.AttrMessageIntegritySHA256, slices.Clone(k.compute(m.Raw, len(m.Raw))[:size]))
		if _, ok := k.verify(m.Raw); ok != want {
			t.Errorf("%d bytes: %v", size, ok)
		}
	}
}

func FuzzTURNResponse(f *testing.F) {
	p := playTURN(&testing.T{}, nil)
	p.challenge("nonce")
	m := p.next(stun.MethodAllocate)
	for _, b := range [][]byte{
		p.response(m, stun.ClassSuccessResponse, relayedAttribute),
		p.response(m, stun.ClassErrorResponse, errorCode(438), stun.NewRealm("realm"), stun.NewNonce("obMatJos2gAAAx"), rawAttribute{stun.AttrPasswordAlgorithms, []byte{0, 2, 0, 0}}),
		p.response(m, stun.ClassErrorResponse, errorCode(300), rawAttribute{stun.AttrAlternateServer, []byte{0, 1, 0, 9, 192, 0, 2, 1}}),
	} {
		f.Add(true, b)
		f.Add(false, b)
	}
	f.Fuzz(func(t *testing.T, challenged bool, b []byte) {
		p := playTURN(t, nil)
		if challenged {
			p.challenge("nonce")
		}
		m := p.next(stun.MethodAllocate)
		if len(b) >= stunHeader {
			copy(b[8:], m.TransactionID[:]) // else nothing is looked at
		}
		p.handlePacket(p.now, b)
		if challenged && p.state == turnAllocated {
			t.Error("believed without the password")
		}
		for p.state != turnEnded && p.now.Before(time.Unix(1e9+60, 0)) {
			p.now = p.nextTimeout()
			p.handleTimeout(p.now)
		}
	})
}
