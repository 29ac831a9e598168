package webrtc

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"math"
	"net"
	"net/netip"
	"reflect"
	"testing"
	"time"

	"github.com/pion/dtls/v3"
	dtlsElliptic "github.com/pion/dtls/v3/pkg/crypto/elliptic"
	"github.com/pion/dtls/v3/pkg/protocol/handshake"

	"github.com/parleyrtc/webrtc/ice"
	"github.com/parleyrtc/webrtc/internal/dtlstransport"
	"github.com/parleyrtc/webrtc/internal/sctptransport"
)

func TestPortRange(t *testing.T) {
	for _, c := range []struct {
		from, to  uint16
		low, high uint16
		want      string
	}{
		{0, 0, 0, 0, none},
		{5000, 5000, 5000, 5000, none},
		{5000, 6000, 5000, 6000, none},
		{5000, 0, 5000, 65535, none},
		{0, 6000, 1, 6000, none},
		{5001, 5000, 7, 8, outOfRange}, // what was set before stays
	} {
		var e SettingEngine
		e.gather.PortMin, e.gather.PortMax = 7, 8
		err := e.SetEphemeralUDPPortRange(c.from, c.to)
		if kindOf(err) != c.want || e.gather.PortMin != c.low || e.gather.PortMax != c.high {
			t.Errorf("%d to %d: ports %d to %d, %v", c.from, c.to, e.gather.PortMin, e.gather.PortMax, err)
		}
	}
}

func TestAnsweringDTLSRole(t *testing.T) {
	var e SettingEngine
	for _, role := range []DTLSRole{DTLSRoleUnknown, DTLSRoleAuto, DTLSRole(9)} {
		if err := e.SetAnsweringDTLSRole(role); kindOf(err) != wrongType || e.answeringDTLSRole != DTLSRoleUnknown {
			t.Errorf("role %d: %v", role, err)
		}
	}
	for _, role := range []DTLSRole{DTLSRoleServer, DTLSRoleClient} {
		if err := e.SetAnsweringDTLSRole(role); err != nil || e.answeringDTLSRole != role {
			t.Errorf("role %s: %v", role, err)
		}
	}
}

func TestGatheringSettings(t *testing.T) {
	var e SettingEngine
	e.SetNetworkTypes([]NetworkType{NetworkTypeUDP6, NetworkTypeTCP4, NetworkTypeUnknown, 99})
	e.SetInterfaceFilter(func(name string) bool { return name == "eth0" })
	e.SetIPFilter(func(ip net.IP) bool { return ip.Equal(net.IPv4(192, 0, 2, 1)) })
	e.SetIncludeLoopbackCandidate(true)
	e.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	e.SetMulticastDNSHostName("door.local")
	e.SetSTUNGatherTimeout(3 * time.Second)
	network := ice.SystemNetwork()
	e.SetNetwork(network)
	e.SetTURNTLSConfig(&tls.Config{ServerName: "turn.example"})

	c := e.gathererConfig()
	if c.TLS.ServerName != "turn.example" {
		t.Errorf("TLS configuration %v", c.TLS)
	}
	if !reflect.DeepEqual(c.NetworkTypes, []ice.NetworkType{ice.NetworkTypeUDP6, ice.NetworkTypeTCP4}) {
		t.Errorf("network types %v", c.NetworkTypes)
	}
	if !c.InterfaceFilter("eth0") || c.InterfaceFilter("eth1") {
		t.Error("the interface filter is not the one that was set")
	}
	if !c.IPFilter(netip.MustParseAddr("192.0.2.1")) || c.IPFilter(netip.MustParseAddr("2001:db8::1")) {
		t.Error("the IP filter is not the one that was set")
	}
	if !c.IncludeLoopback || c.MulticastDNS != ice.MulticastDNSModeDisabled || c.MulticastDNSHostName != "door.local" || c.STUNTimeout != 3*time.Second || c.Network != network {
		t.Errorf("the configuration is %+v", c)
	}
	// A copy of the settings does not share the list.
	c.NetworkTypes[0] = ice.NetworkTypeTCP6
	if e.gather.NetworkTypes[0] != ice.NetworkTypeUDP6 {
		t.Error("the list of network types is shared")
	}
	// No usable type is no type at all, not all of them.
	e.SetNetworkTypes([]NetworkType{NetworkTypeUnknown})
	if c := e.gathererConfig(); c.NetworkTypes == nil || len(c.NetworkTypes) != 0 {
		t.Errorf("no usable network type gives %v", c.NetworkTypes)
	}
	e.SetNetworkTypes(nil)
	e.SetIPFilter(nil)
	if c := e.gathererConfig(); c.NetworkTypes != nil || c.IPFilter != nil {
		t.Errorf("nil gives %v", c.NetworkTypes)
	}
}

func TestICETimingSettings(t *testing.T) {
	var e SettingEngine
	if e.timing != (ice.Timing{}) {
		t.Fatalf("the zero value has %+v", e.timing)
	}
	e.SetICETimeouts(time.Second, 2*time.Second, 3*time.Second)
	e.SetICEMaxBindingRequests(4)
	e.SetHostAcceptanceMinWait(5 * time.Second)
	e.SetSrflxAcceptanceMinWait(6 * time.Second)
	e.SetPrflxAcceptanceMinWait(7 * time.Second)
	e.SetRelayAcceptanceMinWait(8 * time.Second)
	want := ice.Timing{
		Disconnected: time.Second, Failed: 2 * time.Second, Keepalive: 3 * time.Second, Rc: 4, HostAcceptance: 5 * time.Second,
		ServerReflexiveAcceptance: 6 * time.Second, PeerReflexiveAcceptance: 7 * time.Second, RelayAcceptance: 8 * time.Second,
	}
	if e.timing != want {
		t.Errorf("got %+v\nwant %+v", e.timing, want)
	}
	// 0 is "never" here and "the default" there.
	e.SetICETimeouts(0, 0, 0)
	e.SetRelayAcceptanceMinWait(0)
	if e.timing.Disconnected >= 0 || e.timing.Failed >= 0 || e.timing.Keepalive != 0 || e.timing.RelayAcceptance >= 0 {
		t.Errorf("zeros give %+v", e.timing)
	}
}

func TestCredentialAndDetachSettings(t *testing.T) {
	var e SettingEngine
	e.SetICECredentials("user", "password")
	e.DetachDataChannels()
	e.SetReceiveMTU(100)
	if e.iceUfrag != "user" || e.icePwd != "password" || !e.detachDataChannels {
		t.Errorf("the settings are %+v", e)
	}
}

func TestSCTPSettings(t *testing.T) {
	var e SettingEngine
	if got := e.sctpConfig(); got != (sctptransport.Config{MaxMessageSize: defaultMaxMessageSize}) {
		t.Errorf("the default is %+v", got)
	}
	e.SetSCTPMaxMessageSize(1000)
	e.SetSCTPMaxReceiveBufferSize(2000)
	e.SetSCTPRTOMax(time.Second)
	e.EnableSCTPZeroChecksum(true)
	want := sctptransport.Config{MaxMessageSize: 1000, ReceiveBuffer: 2000, RTOMax: time.Second, ZeroChecksum: true}
	if got := e.sctpConfig(); got != want || e.sctpMaxMessageSize() != 1000 {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestDTLSSettings(t *testing.T) {
	var e SettingEngine
	if !reflect.DeepEqual(e.dtlsConfig(), dtlstransport.Config{}) {
		t.Errorf("the zero value has %+v", e.dtlsConfig())
	}
	roots, clients := x509.NewCertPool(), x509.NewCertPool()
	suites := []dtls.CipherSuiteID{dtls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256}
	e.SetDTLSRetransmissionInterval(time.Second)
	e.SetDTLSInsecureSkipHelloVerify(false)
	e.SetDTLSDisableInsecureSkipVerify(true)
	e.DisableCertificateFingerprintVerification(true)
	e.SetDTLSEllipticCurves(dtlsElliptic.P384)
	e.SetDTLSExtendedMasterSecret(dtls.DisableExtendedMasterSecret)
	e.SetDTLSClientAuth(dtls.RequestClientCert)
	e.SetDTLSClientCAs(clients)
	e.SetDTLSRootCAs(roots)
	e.SetDTLSKeyLogWriter(io.Discard)
	e.SetDTLSReplayProtectionWindow(64)
	e.SetDTLSCipherSuites(suites...)
	e.SetDTLSSupportedProtocols("webrtc")
	e.SetSRTPProtectionProfiles(dtls.SRTP_AEAD_AES_256_GCM)

	c := e.dtlsConfig()
	if c.FlightInterval != time.Second || !c.HelloVerify || !c.VerifyChain || !c.AcceptAnyCertificate || c.ClientCAs != clients || c.RootCAs != roots || c.KeyLog != io.Discard || c.ReplayWindow != 64 {
		t.Errorf("the configuration is %+v", c)
	}
	if *c.ExtendedMasterSecret != dtls.DisableExtendedMasterSecret || *c.ClientAuth != dtls.RequestClientCert {
		t.Errorf("master secret %v, client certificate %v", *c.ExtendedMasterSecret, *c.ClientAuth)
	}
	if !reflect.DeepEqual(c.EllipticCurves, []dtlsElliptic.Curve{dtlsElliptic.P384}) || !reflect.DeepEqual(c.CipherSuites, suites) ||
		!reflect.DeepEqual(c.ALPN, []string{"webrtc"}) || !reflect.DeepEqual(c.SRTPProfiles, []dtls.SRTPProtectionProfile{dtls.SRTP_AEAD_AES_256_GCM}) {
		t.Errorf("curves %v, suites %v, protocols %v, profiles %v", c.EllipticCurves, c.CipherSuites, c.ALPN, c.SRTPProfiles)
	}
	suites[0] = dtls.TLS_PSK_WITH_AES_128_CCM
	if c.CipherSuites[0] == suites[0] {
		t.Error("the caller's list is shared")
	}
	e.SetDTLSInsecureSkipHelloVerify(true)
	e.SetDTLSReplayProtectionWindow(math.MaxUint)
	if c := e.dtlsConfig(); c.HelloVerify || c.ReplayWindow != 1<<16 {
		t.Errorf("hello verify %v, window %d", c.HelloVerify, c.ReplayWindow)
	}
}

func TestDTLSHooks(t *testing.T) {
	var e SettingEngine
	var called []string
	e.SetDTLSConnectContextMaker(func() (context.Context, func()) {
		called = append(called, "context")
		return t.Context(), func() {}
	})
	e.SetDTLSClientHelloMessageHook(func(m handshake.MessageClientHello) handshake.Message {
		called = append(called, "client hello")
		return &m
	})
	e.SetDTLSServerHelloMessageHook(func(m handshake.MessageServerHello) handshake.Message {
		called = append(called, "server hello")
		return &m
	})
	e.SetDTLSCertificateRequestMessageHook(func(m handshake.MessageCertificateRequest) handshake.Message {
		called = append(called, "certificate request")
		return &m
	})
	e.SetDTLSCustomerCipherSuites(func() []dtls.CipherSuite {
		called = append(called, "suites")
		return nil
	})
	c := e.dtlsConfig()
	c.ConnectContext()
	c.ClientHelloHook(handshake.MessageClientHello{})
	c.ServerHelloHook(handshake.MessageServerHello{})
	c.CertificateRequestHook(handshake.MessageCertificateRequest{})
	c.CustomCipherSuites()
	if want := []string{"context", "client hello", "server hello", "certificate request", "suites"}; !reflect.DeepEqual(called, want) {
		t.Errorf("called %v, want %v", called, want)
	}
}
