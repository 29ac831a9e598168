package turntest

import (
	"bytes"
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"
	"net"
	"net/netip"
	"slices"
	"time"

	"github.com/pion/stun/v4"

	"github.com/parleyrtc/webrtc/internal/udp"
)

// An allocation is what a client has on the server.
type allocation struct {
	relays      []udp.Conn
	expires     time.Time
	permissions map[netip.Addr]time.Time
	byNumber    map[uint16]netip.AddrPort
	byPeer      map[netip.AddrPort]uint16
	bound       map[uint16]time.Time
}

const (
	additionalFamily = stun.AttrType(0x8000)
	addressError     = stun.AttrType(0x8001)
	accessToken      = stun.AttrType(0x001B)
	thirdParty       = stun.AttrType(0x802E)
)

// handle takes a message of a client's.
func (s *Server) handle(c client, p []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.dead {
		return
	}
	if len(p) >= 4 && p[0]&0xf0 == 0x40 {
		s.channelData(c, p)
		return
	}
	m := &stun.Message{Raw: p}
	if m.Decode() != nil {
		return
	}
	switch {
	case m.Type.Method == stun.MethodSend && m.Type.Class == stun.ClassIndication:
		s.sendIndication(c, m)
	case m.Type == stun.BindingRequest:
		s.requests = append(s.requests, Request{Method: "Binding", At: time.Now(), Lifetime: -1})
		s.answer(c, m, nil, stun.ClassSuccessResponse, mapped(c.from))
	case m.Type.Class == stun.ClassRequest:
		s.request(c, m)
	}
}

func mapped(a netip.AddrPort) stun.Setter {
	return &stun.XORMappedAddress{IP: net.IP(a.Addr().AsSlice()), Port: int(a.Port())}
}

type xorAddress struct {
	typ  stun.AttrType
	addr netip.AddrPort
}

func (x xorAddress) AddTo(m *stun.Message) error {
	a := stun.XORMappedAddress{IP: net.IP(x.addr.Addr().AsSlice()), Port: int(x.addr.Port())}
	return a.AddToAs(m, x.typ)
}

type raw struct {
	typ   stun.AttrType
	value []byte
}

func (r raw) AddTo(m *stun.Message) error { m.Add(r.typ, r.value); return nil }

func seconds(d time.Duration) raw {
	return raw{stun.AttrLifetime, binary.BigEndian.AppendUint32(nil, uint32(d/time.Second))}
}

// answer sends a response, with integrity if there is a key.
func (s *Server) answer(c client, m *stun.Message, k *key, class stun.MessageClass, setters ...stun.Setter) {
	r, err := stun.Build(append([]stun.Setter{m, stun.MessageType{Method: m.Type.Method, Class: class}}, setters...)...)
	if err != nil {
		panic(err)
	}
	if k != nil {
		r.Add(k.attribute, k.sum(r.Raw, len(r.Raw)))
	}
	s.reply(c, r.Raw)
}

func (s *Server) refuse(c client, m *stun.Message, k *key, code int, setters ...stun.Setter) {
	if s.cfg.Unproven {
		k = nil
	}
	e := stun.ErrorCodeAttribute{Code: stun.ErrorCode(code), Reason: fmt.Appendf(nil, "refused with %d", code)}
	s.answer(c, m, k, stun.ClassErrorResponse, append([]stun.Setter{e}, setters...)...)
}

// challenge asks for credentials, or for them under a new nonce.
func (s *Server) challenge(c client, m *stun.Message, code int) {
	setters := []stun.Setter{stun.NewRealm(s.cfg.Realm), stun.NewNonce(s.nonceNow())}
	if len(s.cfg.Passwords) > 0 {
		setters = append(setters, raw{stun.AttrPasswordAlgorithms, s.passwords()})
	}
	if s.cfg.MACKey != nil {
		setters = append(setters, raw{thirdParty, []byte("turntest")})
	}
	s.refuse(c, m, nil, code, setters...)
}

func (s *Server) passwords() (b []byte) {
	for _, a := range s.cfg.Passwords {
		b = append(b, byte(a>>8), byte(a), 0, 0)
	}
	return b
}

func (s *Server) nonceNow() string {
	if len(s.cfg.Passwords) > 0 {
		return fmt.Sprintf("obMatJos2gAAA%d", s.nonce)
	}
	return fmt.Sprintf("nonce%d", s.nonce)
}

// A key makes and checks integrity.
type key struct {
	attribute stun.AttrType
	mac       hash.Hash
}

func (k *key) sum(b []byte, n int) []byte {
	head := slices.Clone(b[:20])
	binary.BigEndian.PutUint16(head[2:], uint16(n-20+4+k.mac.Size()))
	k.mac.Reset()
	k.mac.Write(head)
	k.mac.Write(b[20:n])
	return k.mac.Sum(nil)
}

func (s *Server) key(algorithm uint16) *key {
	secret := []byte(s.cfg.Username + ":" + s.cfg.Realm + ":" + s.cfg.Password)
	m, h := md5.Sum(secret), sha256.Sum256(secret)
	k := m[:]
	if algorithm == 2 {
		k = h[:]
	}
	if s.cfg.MACKey != nil {
		k = s.cfg.MACKey
	}
	if s.cfg.MACKey == nil && len(s.cfg.Passwords) > 0 || len(s.cfg.MACKey) == sha256.Size {
		return &key{stun.AttrMessageIntegritySHA256, hmac.New(sha256.New, k)}
	}
	return &key{stun.AttrMessageIntegrity, hmac.New(sha1.New, k)}
}

// authenticate returns the key of a request, or false once it has answered it.
func (s *Server) authenticate(c client, m *stun.Message) (*key, bool) {
	if s.cfg.Username == "" {
		return nil, true
	}
	algorithm := uint16(1)
	if v, err := m.Get(stun.AttrPasswordAlgorithm); err == nil && len(v) >= 2 {
		algorithm = binary.BigEndian.Uint16(v)
	}
	k := s.key(algorithm)
	at := integrityAt(m.Raw, k.attribute)
	if at < 0 {
		s.challenge(c, m, 401)
		return nil, false
	}
	var name stun.Username
	if nonce, _ := m.Get(stun.AttrNonce); string(nonce) != s.nonceNow() {
		s.challenge(c, m, 438)
		return nil, false
	}
	list, _ := m.Get(stun.AttrPasswordAlgorithms)
	token, _ := m.Get(accessToken)
	if !bytes.Equal(token, s.cfg.AccessToken) || name.GetFrom(m) != nil || name.String() != s.cfg.Username || !slices.Equal(list, s.passwords()) ||
		!hmac.Equal(k.sum(m.Raw, at), m.Raw[at+4:at+4+k.mac.Size()]) {
		s.challenge(c, m, 401)
		return nil, false
	}
	if s.nonceUses++; s.cfg.NonceUses > 0 && s.nonceUses >= s.cfg.NonceUses {
		s.nonce++
		s.nonceUses = 0
	}
	return k, true
}

func integrityAt(b []byte, t stun.AttrType) int {
	for at := 20; at+4 <= len(b); at += 4 + (int(binary.BigEndian.Uint16(b[at+2:]))+3)&^3 {
		if binary.BigEndian.Uint16(b[at:]) == uint16(t) {
			return at
		}
	}
	return -1
}

// request serves a request that needs credentials.
func (s *Server) request(c client, m *stun.Message) {
	k, ok := s.authenticate(c, m)
	if !ok {
		return
	}
	r := Request{Method: m.Type.Method.String(), Lifetime: -1, At: time.Now(), Peer: peerOf(m)}
	if v, err := m.Get(stun.AttrLifetime); err == nil && len(v) == 4 {
		r.Lifetime = time.Duration(binary.BigEndian.Uint32(v)) * time.Second
	}
	s.requests = append(s.requests, r)
	if s.cfg.Refuse != nil {
		if code := s.cfg.Refuse(r); code != 0 {
			s.refuse(c, m, k, code)
			return
		}
	}
	a := s.allocations[c]
	if a != nil && !time.Now().Before(a.expires) {
		s.drop(c)
		a = nil
	}
	if m.Type.Method == stun.MethodAllocate {
		s.allocate(c, m, k, a)
		return
	}
	if a == nil {
		s.refuse(c, m, k, 437)
		return
	}
	switch m.Type.Method {
	case stun.MethodRefresh:
		lifetime := s.cfg.Lifetime
		if r.Lifetime == 0 {
			lifetime = 0
			s.drop(c)
		}
		a.expires = time.Now().Add(lifetime)
		s.answer(c, m, k, stun.ClassSuccessResponse, seconds(lifetime))
	case stun.MethodCreatePermission:
		if !r.Peer.IsValid() || a.relay(r.Peer.Addr()) == nil {
			s.refuse(c, m, k, 443)
			return
		}
		a.permissions[r.Peer.Addr()] = time.Now().Add(5 * time.Minute)
		s.answer(c, m, k, stun.ClassSuccessResponse)
	case stun.MethodChannelBind:
		s.bind(c, m, k, a, r.Peer)
	}
}

func peerOf(m *stun.Message) netip.AddrPort {
	var x stun.XORMappedAddress
	if x.GetFromAs(m, stun.AttrXORPeerAddress) != nil {
		return netip.AddrPort{}
	}
	ip, _ := netip.AddrFromSlice(x.IP)
	return netip.AddrPortFrom(ip.Unmap(), uint16(x.Port))
}

// bind serves ChannelBind (RFC 8656 §12.2).
func (s *Server) bind(c client, m *stun.Message, k *key, a *allocation, peer netip.AddrPort) {
	v, err := m.Get(stun.AttrChannelNumber)
	if err != nil || len(v) != 4 || !peer.IsValid() || a.relay(peer.Addr()) == nil {
		s.refuse(c, m, k, 400)
		return
	}
	number := binary.BigEndian.Uint16(v)
	old, used := a.byNumber[number]
	if number < 0x4000 || number > 0x4fff || used && old != peer || a.byPeer[peer] != 0 && a.byPeer[peer] != number {
		s.refuse(c, m, k, 400)
		return
	}
	a.byNumber[number], a.byPeer[peer] = peer, number
	a.bound[number] = time.Now().Add(10 * time.Minute)
	a.permissions[peer.Addr()] = time.Now().Add(5 * time.Minute)
	s.answer(c, m, k, stun.ClassSuccessResponse)
}

// allocate serves Allocate (RFC 8656 §7.2).
func (s *Server) allocate(c client, m *stun.Message, k *key, a *allocation) {
	if s.cfg.Alternate.IsValid() {
		v := []byte{0, 1, byte(s.cfg.Alternate.Port() >> 8), byte(s.cfg.Alternate.Port())}
		setters := []stun.Setter{raw{stun.AttrAlternateServer, append(v, s.cfg.Alternate.Addr().AsSlice()...)}}
		if s.cfg.AlternateDomain != "" {
			setters = append(setters, raw{stun.AttrAlternateDomain, []byte(s.cfg.AlternateDomain)})
		}
		s.refuse(c, m, k, 300, setters...)
		return
	}
	if a != nil {
		s.refuse(c, m, k, 437)
		return
	}
	if v, err := m.Get(stun.AttrRequestedTransport); err != nil || len(v) != 4 || v[0] != 17 {
		s.refuse(c, m, k, 442)
		return
	}
	if s.cfg.Quota > 0 && len(s.allocations) >= s.cfg.Quota {
		s.refuse(c, m, k, 486)
		return
	}
	want4, want6 := true, m.Contains(additionalFamily)
	if v, err := m.Get(stun.AttrRequestedAddressFamily); err == nil && len(v) == 4 {
		want4, want6 = v[0] == 1, v[0] == 2
	}
	a = &allocation{
		expires: time.Now().Add(s.cfg.Lifetime), permissions: map[netip.Addr]time.Time{},
		byNumber: map[uint16]netip.AddrPort{}, byPeer: map[netip.AddrPort]uint16{}, bound: map[uint16]time.Time{},
	}
	setters := []stun.Setter{seconds(s.cfg.Lifetime), mapped(c.from)}
	has4 := slices.ContainsFunc(s.cfg.Relays, netip.Addr.Is4)
	for _, ip := range s.cfg.Relays {
		if ip.Is4() && want4 || ip.Is6() && want6 && (has4 || !want4) {
			conn, err := s.network.ListenUDP(netip.AddrPortFrom(ip, 0))
			if err != nil {
				panic(err)
			}
			a.relays = append(a.relays, conn)
			setters = append(setters, xorAddress{stun.AttrXORRelayedAddress, conn.LocalAddr()})
			s.tasks.Go(func() { s.relay(c, a, conn) })
		}
	}
	if len(a.relays) == 0 {
		s.refuse(c, m, k, 440)
		return
	}
	s.allocations[c] = a
	s.answer(c, m, k, stun.ClassSuccessResponse, setters...)
}
