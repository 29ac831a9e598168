package webrtc

import (
	"crypto/elliptic"
	"crypto/x509"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestConfigurationJSON(t *testing.T) {
	full := Configuration{
		ICEServers: []ICEServer{{URLs: []string{"stun:a"}}}, ICETransportPolicy: ICETransportPolicyRelay,
		BundlePolicy: BundlePolicyMaxBundle, RTCPMuxPolicy: RTCPMuxPolicyRequire, PeerIdentity: "x",
		ICECandidatePoolSize: 5, SDPSemantics: SDPSemanticsPlanB, AlwaysNegotiateDataChannels: true,
	}
	// The forms that pion/webrtc v4.2.20 writes.
	const fullText = `{"iceServers":[{"credentialType":"password","urls":["stun:a"]}],"iceTransportPolicy":"relay",` +
		`"bundlePolicy":"max-bundle","rtcpMuxPolicy":"require","peerIdentity":"x","iceCandidatePoolSize":5,` +
		`"sdpSemantics":"plan-b","alwaysNegotiateDataChannels":true}`
	for _, c := range []struct {
		value any
		want  string
	}{
		{Configuration{}, `{}`},
		{full, fullText},
		{Configuration{Certificates: make([]Certificate, 1)}, `{"certificates":[{}]}`},
	} {
		if got, err := json.Marshal(c.value); err != nil || string(got) != c.want {
			t.Errorf("got %s (%v)\nwant %s", got, err, c.want)
		}
	}
	var back Configuration
	if err := json.Unmarshal([]byte(fullText), &back); err != nil || !reflect.DeepEqual(back, full) {
		t.Errorf("it is read as %+v, %v", back, err)
	}
	// What a page sends.
	const browser = `{"iceServers":[{"urls":"stun:a"}],"iceTransportPolicy":"all","bundlePolicy":"balanced","rtcpMuxPolicy":"require","certificates":[],"iceCandidatePoolSize":0}`
	want := Configuration{
		ICEServers: []ICEServer{{URLs: []string{"stun:a"}}}, BundlePolicy: BundlePolicyBalanced,
		RTCPMuxPolicy: RTCPMuxPolicyRequire, Certificates: []Certificate{},
	}
	back = Configuration{}
	if err := json.Unmarshal([]byte(browser), &back); err != nil || !reflect.DeepEqual(back, want) {
		t.Errorf("a page's is read as %+v, %v", back, err)
	}
	for _, text := range []string{
		`{"iceTransportPolicy":"bogus"}`, `{"iceTransportPolicy":5}`, `{"iceCandidatePoolSize":300}`, `{"iceCandidatePoolSize":-1}`,
		`{"iceServers":[null]}`, `{"iceServers":{}}`,
	} {
		if err := json.Unmarshal([]byte(text), &back); err == nil {
			t.Errorf("%s is read", text)
		}
	}
}

// webrtc-pc §4.4.1.1 and §4.4.1.6: what the constructor refuses.
func TestConfigurationValidate(t *testing.T) {
	now := time.Now()
	key := ecKey(t, elliptic.P256())
	good := *generated(t, key)
	expired, err := NewCertificate(key, x509.Certificate{NotBefore: now.Add(-2 * time.Hour), NotAfter: now.Add(-time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	badServer := ICEServer{URLs: []string{"http://example.org"}}
	for _, c := range []struct {
		name   string
		config Configuration
		want   string
		cause  error
		says   string
	}{
		{"zero", Configuration{}, none, nil, ""},
		{"all that is known", Configuration{
			ICEServers: []ICEServer{{URLs: []string{"stun:example.org"}}}, ICETransportPolicy: ICETransportPolicyRelay,
			BundlePolicy: BundlePolicyMaxCompat, RTCPMuxPolicy: RTCPMuxPolicyRequire, Certificates: []Certificate{good},
			ICECandidatePoolSize: 255, SDPSemantics: SDPSemanticsUnifiedPlanWithFallback,
		}, none, nil, ""},
		{"expired certificate", Configuration{Certificates: []Certificate{good, *expired}}, access, ErrCertificateExpired, "certificate 1"},
		{"empty certificate", Configuration{Certificates: []Certificate{{}}}, access, nil, "certificate 0"},
		{"expired certificate before bad server", Configuration{Certificates: []Certificate{*expired}, ICEServers: []ICEServer{badServer}}, access, ErrCertificateExpired, ""},
		{"bad server", Configuration{ICEServers: []ICEServer{{URLs: []string{"stun:example.org"}}, badServer}}, syntax, nil, "http"},
		{"turn without credentials", Configuration{ICEServers: []ICEServer{{URLs: []string{"turn:example.org"}}}}, access, ErrNoTurnCredentials, "turn:example.org"},
		{"Plan B", Configuration{SDPSemantics: SDPSemanticsPlanB}, unsupported, ErrIncorrectSDPSemantics, "SDPSemanticsUnifiedPlan"},
		{"no such semantics", Configuration{SDPSemantics: 3}, wrongType, nil, "SDPSemantics 3"},
		{"no such transport policy", Configuration{ICETransportPolicy: -1}, wrongType, nil, "ICETransportPolicy -1"},
		{"no such bundle policy", Configuration{BundlePolicy: 4}, wrongType, nil, "BundlePolicy 4"},
		{"no such mux policy", Configuration{RTCPMuxPolicy: 9}, wrongType, nil, "RTCPMuxPolicy 9"},
		{"no host candidates", Configuration{ICETransportPolicy: ICETransportPolicyNoHost}, unsupported, nil, "ICETransportPolicyRelay"},
	} {
		err := c.config.validate(now)
		if kindOf(err) != c.want || c.cause != nil && !errors.Is(err, c.cause) || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v; want %q, cause %v, with %q", c.name, err, c.want, c.cause, c.says)
		}
	}
}

// webrtc-pc §4.4.1.6: what SetConfiguration refuses, and what it keeps.
func TestCheckSetConfiguration(t *testing.T) {
	now := time.Now()
	key := ecKey(t, elliptic.P256())
	one, two := *generated(t, key), *generated(t, key)
	expired, err := NewCertificate(key, x509.Certificate{NotBefore: now.Add(-2 * time.Hour), NotAfter: now.Add(-time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	with := func(c ...Certificate) Configuration { return Configuration{Certificates: c} }
	pool := func(n uint8) Configuration { return Configuration{ICECandidatePoolSize: n} }
	for _, c := range []struct {
		name      string
		old, next Configuration
		described bool
		want      string
		cause     error
	}{
		{"zero over zero", Configuration{}, Configuration{}, true, none, nil},
		{"servers", Configuration{}, Configuration{ICEServers: []ICEServer{{URLs: []string{"stun:a"}}}}, true, none, nil},
		{"bad server", Configuration{}, Configuration{ICEServers: []ICEServer{{}}}, true, syntax, nil},
		{"transport policy", Configuration{}, Configuration{ICETransportPolicy: ICETransportPolicyRelay}, true, none, nil},
		{"same certificate", with(one), with(one), true, none, nil},
		{"same certificate, expired since", with(*expired), with(*expired), true, none, nil},
		{"certificates not given", with(one), Configuration{}, true, none, nil},
		{"another certificate", with(one), with(two), false, modification, ErrModifyingCertificates},
		{"one more", with(one), with(one, two), false, modification, ErrModifyingCertificates},
		{"one less", with(one, two), with(one), false, modification, ErrModifyingCertificates},
		{"none, in so many words", with(one), Configuration{Certificates: []Certificate{}}, false, modification, ErrModifyingCertificates},
		{"other order", with(one, two), with(two, one), false, modification, ErrModifyingCertificates},
		{"an expired one", with(one), with(*expired), false, access, ErrCertificateExpired},
		{"bundle policy", Configuration{BundlePolicy: BundlePolicyBalanced}, Configuration{BundlePolicy: BundlePolicyMaxBundle}, false, modification, ErrModifyingBundlePolicy},
		{"bundle policy, the default in so many words", Configuration{}, Configuration{BundlePolicy: BundlePolicyBalanced}, false, none, nil},
		{"bundle policy not given", Configuration{BundlePolicy: BundlePolicyMaxBundle}, Configuration{}, false, none, nil},
		{"mux policy", Configuration{}, Configuration{RTCPMuxPolicy: RTCPMuxPolicyNegotiate}, false, modification, ErrModifyingRTCPMuxPolicy},
		{"mux policy not given", Configuration{RTCPMuxPolicy: RTCPMuxPolicyNegotiate}, Configuration{}, false, none, nil},
		{"identity", Configuration{}, Configuration{PeerIdentity: "a"}, false, modification, ErrModifyingPeerIdentity},
		{"same identity", Configuration{PeerIdentity: "a"}, Configuration{PeerIdentity: "a"}, false, none, nil},
		{"pool before a description", pool(1), pool(2), false, none, nil},
		{"pool after a description", pool(1), pool(2), true, modification, ErrModifyingICECandidatePoolSize},
		{"pool given up after a description", pool(1), pool(0), true, modification, ErrModifyingICECandidatePoolSize},
		{"same pool after a description", pool(1), pool(1), true, none, nil},
		{"Plan B", Configuration{}, Configuration{SDPSemantics: SDPSemanticsPlanB}, false, unsupported, nil},
		{"no such policy", Configuration{}, Configuration{ICETransportPolicy: 77}, false, wrongType, nil},
		{"changed policy before bad server", Configuration{}, Configuration{BundlePolicy: BundlePolicyMaxBundle, ICEServers: []ICEServer{{}}}, false, modification, nil},
	} {
		err := checkSetConfiguration(c.old, c.next, c.described, now)
		if kindOf(err) != c.want || c.cause != nil && !errors.Is(err, c.cause) {
			t.Errorf("%s: %v; want %q, cause %v", c.name, err, c.want, c.cause)
		}
	}
}

func TestConfigurationInherit(t *testing.T) {
	certificates := []Certificate{*generated(t, ecKey(t, elliptic.P256()))}
	old := Configuration{
		BundlePolicy: BundlePolicyMaxBundle, RTCPMuxPolicy: RTCPMuxPolicyNegotiate, PeerIdentity: "a", Certificates: certificates,
		ICEServers: []ICEServer{{URLs: []string{"stun:a"}}}, ICETransportPolicy: ICETransportPolicyRelay,
	}
	want := old
	want.ICEServers, want.ICETransportPolicy = nil, ICETransportPolicyAll
	if got := (Configuration{}).inherit(old); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
}

func TestConfigurationCloneSharesNothing(t *testing.T) {
	c := Configuration{
		ICEServers:   []ICEServer{{URLs: []string{"stun:a"}}},
		Certificates: []Certificate{*generated(t, ecKey(t, elliptic.P256()))},
	}
	copied := c.clone()
	if !reflect.DeepEqual(copied, c) {
		t.Errorf("the copy is %+v", copied)
	}
	copied.ICEServers[0].URLs[0] = "stun:b"
	copied.ICEServers[0].Username = "u"
	copied.Certificates[0] = Certificate{}
	if c.ICEServers[0].URLs[0] != "stun:a" || c.ICEServers[0].Username != "" || c.Certificates[0].x509Cert == nil {
		t.Errorf("a change of the copy changed the original: %+v", c)
	}
	if got := (Configuration{}).clone(); got.ICEServers != nil || got.Certificates != nil {
		t.Errorf("nil became %+v", got)
	}
	defaults := c.withDefaults()
	if defaults.BundlePolicy != BundlePolicyBalanced || defaults.RTCPMuxPolicy != RTCPMuxPolicyRequire {
		t.Errorf("the defaults are %s and %s", defaults.BundlePolicy, defaults.RTCPMuxPolicy)
	}
}
