package sign

import (
	"strings"
	"testing"
	"time"

	"onrush.dev/onrush/internal/engine/httpload/proto"
	"onrush.dev/onrush/internal/load"
)

func TestBasicAndBearer(t *testing.T) {
	t.Parallel()
	if got := Basic("Aladdin", "open sesame"); got != "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==" { // RFC 7617
		t.Errorf("basic: %s", got)
	}
	if got := Bearer("mF_9.B5f-4.1JqM"); got != "Bearer mF_9.B5f-4.1JqM" { // RFC 6750
		t.Errorf("bearer: %s", got)
	}
}

func fieldsOf(lines ...string) []proto.Field {
	var fields []proto.Field
	for _, l := range lines {
		name, value, _ := strings.Cut(l, ":")
		fields = append(fields, proto.Field{Name: name, Value: value})
	}
	return fields
}

type example struct {
	name, method, path string
	fields             []proto.Field
	body, signed, want string
}

func check(t *testing.T, s *Signer, k *load.SigV4, host string, now time.Time, e example) {
	t.Helper()
	fields := s.Sign(e.fields, k, e.method, host, e.path, Hash([]byte(e.body)), now)
	auth := fields[len(fields)-1]
	if auth.Name != "Authorization" || !strings.HasSuffix(auth.Value, "Signature="+e.want) || !strings.Contains(auth.Value, "SignedHeaders="+e.signed+",") {
		t.Errorf("%s: got %s\nwant the headers %s and the signature %s", e.name, auth.Value, e.signed, e.want)
	}
}

// TestPublishedExamples are examples of AWS's documentation and of the test
// suite that AWS has published for the signature.
func TestPublishedExamples(t *testing.T) {
	t.Parallel()
	var s Signer
	now := time.Date(2015, 8, 30, 12, 36, 0, 0, time.UTC)
	suite := &load.SigV4{Service: "service", Region: "us-east-1", AccessKey: "AKIDEXAMPLE", SecretKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"}
	const plain, vanilla = "host;x-amz-date", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"
	for _, e := range []example{
		{"vanilla", "GET", "/", nil, "", plain, vanilla},
		{"user agent is not signed", "GET", "/", fieldsOf("User-Agent:x"), "", plain, vanilla},
		{"relative", "GET", "/example/..", nil, "", plain, vanilla},
		{"dot", "GET", "/./", nil, "", plain, vanilla},
		{"post", "POST", "/", nil, "", plain, "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
		{"order of parameters", "GET", "/?Param2=value2&Param1=value1", nil, "", plain, "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"},
		{"unreserved", "GET", "/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", nil, "", plain, "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f"},
		{"utf-8", "GET", "/\u1234", nil, "", plain, "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"},
		{"space", "GET", "/example space/", nil, "", plain, "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741"},
		{"values are trimmed", "GET", "/", fieldsOf("My-Header1: value1", `My-Header2: "a   b   c"`), "", "host;my-header1;my-header2;x-amz-date", "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"},
		{"one name several times", "GET", "/", fieldsOf("My-Header1:value2", "My-Header1:value2", "My-Header1:value1"), "", "host;my-header1;x-amz-date", "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea"},
		{"form", "POST", "/", fieldsOf("Content-Type:application/x-www-form-urlencoded"), "Param1=value1", "content-type;host;x-amz-date", "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"},
	} {
		check(t, &s, suite, "example.amazonaws.com", now, e)
	}
	iam := *suite
	iam.Service = "iam"
	check(t, &s, &iam, "iam.amazonaws.com", now, example{
		"iam", "GET", "/?Action=ListUsers&Version=2010-05-08", fieldsOf("Content-Type:application/x-www-form-urlencoded; charset=utf-8"), "",
		"content-type;host;x-amz-date", "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7",
	})
}

func TestPublishedExamplesOfS3(t *testing.T) {
	t.Parallel()
	var s Signer
	k := &load.SigV4{Service: "s3", Region: "us-east-1", AccessKey: "AKIAIOSFODNN7EXAMPLE", SecretKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"}
	now := time.Date(2013, 5, 24, 0, 0, 0, 0, time.UTC)
	const plain = "host;x-amz-content-sha256;x-amz-date"
	for _, e := range []example{
		{"get", "GET", "/test.txt", fieldsOf("Range:bytes=0-9"), "", "host;range;x-amz-content-sha256;x-amz-date", "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"},
		{"put", "PUT", "/test$file.text", fieldsOf("Date:Fri, 24 May 2013 00:00:00 GMT", "x-amz-storage-class:REDUCED_REDUNDANCY"), "Welcome to Amazon S3.", "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class", "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"},
		{"put, path escaped when sent", "PUT", "/test%24file.text", fieldsOf("Date:Fri, 24 May 2013 00:00:00 GMT", "x-amz-storage-class:REDUCED_REDUNDANCY"), "Welcome to Amazon S3.", "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class", "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"},
		{"parameter without value", "GET", "/?lifecycle", nil, "", plain, "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"},
		{"list", "GET", "/?max-keys=2&prefix=J", nil, "", plain, "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"},
	} {
		check(t, &s, k, "examplebucket.s3.amazonaws.com", now, e)
	}
}

// TestPaths: which services sign which form of a path.
func TestPaths(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ sent, others, s3 string }{
		{"", "/", "/"},
		{"/a b", "/a%20b", "/a%20b"},
		{"/a%20b", "/a%2520b", "/a%20b"},
		{"/a//b/../c/", "/a/c/", "/a//b/../c/"},
		{"/(1)+%zz", "/%281%29%2B%25zz", "/%281%29%2B%25zz"},
		{"//", "/", "//"},
	} {
		if got := string(appendPath(nil, test.sent, false)); got != test.others {
			t.Errorf("%s: got %s, want %s", test.sent, got, test.others)
		}
		if got := string(appendPath(nil, test.sent, true)); got != test.s3 {
			t.Errorf("%s for S3: got %s, want %s", test.sent, got, test.s3)
		}
	}
}

func TestQueries(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]string{
		"": "", "a": "a=", "a=b=c": "a=b%3Dc", "b=2&a=1&a=0": "a=0&a=1&b=2", "a+b=%2b&&": "a%20b=%2B", "z=/&%C3%A4=ä": "%C3%A4=%C3%A4&z=%2F", "A=1&a=2&-=3": "-=3&A=1&a=2",
	} {
		var s Signer
		s.appendQuery(query)
		if got := string(s.buf); got != want {
			t.Errorf("%s: got %s, want %s", query, got, want)
		}
	}
}

// TestKeyOfTheDay: the kept key is not used for another day, region, service or
// secret.
func TestKeyOfTheDay(t *testing.T) {
	t.Parallel()
	base := load.SigV4{Service: "s3", Region: "r", AccessKey: "A", SecretKey: "S", SessionToken: "T"}
	now := time.Date(2020, 1, 1, 23, 59, 59, 0, time.UTC)
	sign := func(s *Signer, k load.SigV4, at time.Time) string {
		fields := s.Sign(nil, &k, "GET", "h", "/", Unsigned, at)
		return fields[len(fields)-1].Value
	}
	var kept Signer
	seen := map[string]bool{}
	for _, change := range []func(*load.SigV4, *time.Time){
		func(*load.SigV4, *time.Time) {},
		func(_ *load.SigV4, at *time.Time) { *at = at.Add(time.Second) },
		func(k *load.SigV4, _ *time.Time) { k.Region = "q" },
		func(k *load.SigV4, _ *time.Time) { k.Service = "s3-outposts" },
		func(k *load.SigV4, _ *time.Time) { k.SecretKey = "Z" },
		func(k *load.SigV4, _ *time.Time) { k.SessionToken = "U" },
	} {
		k, at := base, now
		change(&k, &at)
		var fresh Signer
		got, want := sign(&kept, k, at), sign(&fresh, k, at)
		if got != want || seen[got] {
			t.Errorf("%+v at %v: got %s, want %s", k, at, got, want)
		}
		if again := sign(&kept, k, at); again != want {
			t.Errorf("%+v signed again: got %s, want %s", k, again, want)
		}
		seen[got] = true
	}
}

func TestHashes(t *testing.T) {
	t.Parallel()
	got, err := HashOf(strings.NewReader("Welcome to Amazon S3."))
	if want := Hash([]byte("Welcome to Amazon S3.")); err != nil || got != want || want != "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072" {
		t.Errorf("got %s, %v, want %s", got, err, want)
	}
}

func BenchmarkSign(b *testing.B) {
	var s Signer
	k := &load.SigV4{Service: "s3", Region: "us-east-1", AccessKey: "A", SecretKey: "S"}
	fields := fieldsOf("User-Agent:onrush", "Accept:*/*")
	now := time.Now()
	b.ReportAllocs()
	for b.Loop() {
		_ = s.Sign(fields[:2:2], k, "GET", "bucket.s3.amazonaws.com", "/a/b/c.txt?x=1", Unsigned, now)
	}
}
