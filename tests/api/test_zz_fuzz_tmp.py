import schemathesis, pytest
from hypothesis import settings, HealthCheck, Phase
from tests.api.client import *
from models.kinds import Role
from fastapi import FastAPI
from api.app import build_app
from api.settings import ApiSettings
doc = build_app(ApiSettings()).openapi()
schema = schemathesis.openapi.from_dict(doc)
sel = schema.exclude(path_regex="^/v1/participant|^/v1/help|/session$|/password$|/metrics|/check$|/protocols$")
state={}
@pytest.fixture(scope="module")
def ready(shared_house):
    app=shared_house.client.app
    app.state.house=shared_house.house
    study=open_study(shared_house,slug=fresh("fz"))
    door=sign_in(shared_house,study,Role.COORDINATOR,Role.ADMIN,Role.INVESTIGATOR,Role.AUDITOR,Role.DATA_MANAGER,Role.OPERATOR,login=fresh("fz"))
    phone=enroll(shared_house,study)
    from tests.api.answering import disclose
    disclose(shared_house,phone)
    alert=door.get("/v1/care/alerts").json()["items"][0]["id"]
    state.update(door=door,study=str(study.study_uid),person=phone.enrollment_uid,alert=alert,client=shared_house.client,house=shared_house)
    return state
@sel.parametrize()
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
def test_fuzz(case, ready):
    app=state["client"].app; app.state.house=state["house"].house
    pp=dict(case.path_parameters or {})
    for k,v in (("study_id","study"),("enrollment_id","person"),("alert_id","alert")):
        if k in pp: pp[k]=state[v]
    url=case.path
    for k,v in pp.items():
        import urllib.parse
        url=url.replace("{"+k+"}",urllib.parse.quote(str(v),safe=""))
    headers={"Authorization":"Bearer "+state["door"].token}
    for k,v in (case.headers or {}).items():
        try: v.encode("ascii")
        except Exception: continue
        if k.lower()=="if-match": headers[k]=v
    body=case.body
    kw={}
    if body is not None and type(body).__name__!="NotSet":
        kw["json"]=body
        if isinstance(body,dict) and "study_id" in body: body["study_id"]=state["study"]
    try: r=state["client"].request(case.method,url,headers=headers,params=case.query or {},**kw)
    except (ValueError,TypeError,UnicodeEncodeError) as e: return
    assert r.status_code<500 or r.status_code==503,(case.method,url,case.query,kw,r.text)
    ok={str(k) for k in case.operation.definition.raw["responses"]}
    assert str(r.status_code) in ok|{"405","404","413"},(case.method,url,r.status_code,r.text[:300])
