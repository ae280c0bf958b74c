{{/* The configuration of each process; every name is one of services/coordinator/src/config.ts, and no other is accepted there. */}}
{{- define "sumveil.sharedEnv" -}}
SUMVEIL_TRUST_DOMAIN: {{ .Values.trustDomain | quote }}
SUMVEIL_LOG_ORIGIN: {{ .Values.logOrigin | quote }}
SUMVEIL_DATABASE_URL_FILE: /run/sumveil/database-url
SUMVEIL_SIGNER_PUBLIC_FILE: /etc/sumveil/public.json
SUMVEIL_POLICY_BUNDLE: /app/policies
SUMVEIL_ARTIFACTS: /var/lib/sumveil/artifacts
{{- end }}

{{- define "sumveil.apiEnv" -}}
{{ include "sumveil.sharedEnv" . }}
SUMVEIL_CONNECTOR_LISTEN: 0.0.0.0:{{ .Values.api.ports.connector }}
SUMVEIL_ENROL_LISTEN: 0.0.0.0:{{ .Values.api.ports.enrolment }}
SUMVEIL_MANAGEMENT_LISTEN: 0.0.0.0:{{ .Values.api.ports.management }}
SUMVEIL_OPS_LISTEN: 0.0.0.0:{{ .Values.api.ports.ops }}
SUMVEIL_TLS_CERT_FILE: /run/sumveil/tls.crt
SUMVEIL_TLS_KEY_FILE: /run/sumveil/tls.key
SUMVEIL_TLS_CA_FILE: /run/sumveil/roots.pem
SUMVEIL_OIDC_ISSUER: {{ .Values.oidc.issuer | quote }}
SUMVEIL_OIDC_ALGORITHMS: {{ join "," .Values.oidc.algorithms | quote }}
{{- end }}

{{- define "sumveil.workerEnv" -}}
{{ include "sumveil.sharedEnv" . }}
SUMVEIL_OPS_LISTEN: 0.0.0.0:{{ .Values.worker.ports.ops }}
SUMVEIL_QUEUE_URL_FILE: /run/sumveil/queue-url
SUMVEIL_SEAL_KEY_FILE: /run/sumveil/seal-key
{{- end }}

{{- define "sumveil.signerEnv" -}}
{{ include "sumveil.sharedEnv" . }}
SUMVEIL_OPS_LISTEN: 0.0.0.0:{{ .Values.signer.ports.ops }}
SUMVEIL_SIGNER_KEYS: /run/sumveil/keys
{{- end }}
