#pragma once

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

// Each of these is a macro in OpenSSL's headers, which Swift does not import.

static inline long p2pfs_ssl_ctx_set_min_proto_version(SSL_CTX *context, int version) {
  return SSL_CTX_set_min_proto_version(context, version);
}

static inline long p2pfs_ssl_ctx_set_mode(SSL_CTX *context, long mode) {
  return SSL_CTX_set_mode(context, mode);
}

static inline long p2pfs_ssl_ctx_set_session_cache_mode(SSL_CTX *context, long mode) {
  return SSL_CTX_set_session_cache_mode(context, mode);
}

static inline long p2pfs_ssl_ctx_add1_chain_cert(SSL_CTX *context, X509 *certificate) {
  return SSL_CTX_add1_chain_cert(context, certificate);
}

static inline long p2pfs_ssl_ctx_set_read_ahead(SSL_CTX *context, int yes) {
  return SSL_CTX_set_read_ahead(context, yes);
}

static inline long p2pfs_ssl_ctx_set_max_cert_list(SSL_CTX *context, long bytes) {
  return SSL_CTX_set_max_cert_list(context, bytes);
}

static const uint64_t p2pfs_ssl_options = SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION;

static inline int p2pfs_err_reason(unsigned long error) {
  return ERR_GET_REASON(error);
}

// These three are deprecated, and so a warning to Swift, which here is an error. They stay because EVP's
// context lives on the heap: 64 bytes take 62 ns by these, 92 by EVP with a kept context, 281 by SHA256().

static inline void p2pfs_sha256_begin(SHA256_CTX *context) { SHA256_Init(context); }

static inline void p2pfs_sha256_update(SHA256_CTX *context, const void *bytes, size_t count) {
  SHA256_Update(context, bytes, count);
}

static inline void p2pfs_sha256_end(SHA256_CTX *context, void *digest) { SHA256_Final(digest, context); }
